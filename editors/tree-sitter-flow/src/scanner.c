// Decides where a line end ends a statement: wherever the grammar allows it, unless the next line
// begins with what can only go on with this one. Keeps nothing from one token to the next.

#include "tree_sitter/parser.h"

enum Token { NEWLINE, PERCENT };

static bool is_word(int32_t c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_blank(int32_t c) {
    return c == ' ' || c == '\t' || c == '\r' || c == 0xfeff;
}

// Editors that run parsers as WebAssembly bring no library of C.
static bool is(const char *word, const char *other) {
    while (*word != 0 && *word == *other) word++, other++;
    return *word == *other;
}

static void advance(TSLexer *lexer) {
    lexer->advance(lexer, false);
}

static void skip_blanks(TSLexer *lexer) {
    while (is_blank(lexer->lookahead)) advance(lexer);
}

// Whether a word at the beginning of a line goes on with the line before, and is not the name of a
// setting or of a step.
static bool word_continues(TSLexer *lexer) {
    char word[6] = {0};
    unsigned length = 0;
    while (is_word(lexer->lookahead)) {
        if (length == sizeof word - 1) return false;
        word[length++] = (char)lexer->lookahead;
        advance(lexer);
    }
    bool is_else = is(word, "else");
    if (!is_else && !is(word, "and") && !is(word, "or") && !is(word, "until")) return false;
    skip_blanks(lexer);
    if (lexer->lookahead == ':') return false;
    if (lexer->lookahead != '=') return true;
    advance(lexer);
    return !is_else && lexer->lookahead == '=';
}

// Whether what stands behind line ends goes on with what stands before them.
static bool continues(TSLexer *lexer) {
    switch (lexer->lookahead) {
        case '<': case '>': case '+': case '*': case '/': case '|':
        case '(': case '[': case '{': case ')': case ']': case ',':
            return true;
        case '=': case '!':
            advance(lexer);
            return lexer->lookahead == '=';
        case '?':
            advance(lexer);
            return lexer->lookahead == '?';
        case '.':
            advance(lexer);
            return lexer->lookahead != '.';
        default:
            return word_continues(lexer);
    }
}

// The line end is of no width and stands in front of blanks and comments.
static bool newline(TSLexer *lexer) {
    bool ended = false;
    lexer->mark_end(lexer);
    for (;;) {
        skip_blanks(lexer);
        if (lexer->lookahead == '\n') {
            ended = true;
            advance(lexer);
        } else if (lexer->lookahead == '/') {
            advance(lexer);
            if (lexer->lookahead != '/') return false;
            while (lexer->lookahead != '\n' && !lexer->eof(lexer)) advance(lexer);
        } else {
            break;
        }
    }
    if (!ended || continues(lexer)) return false;
    lexer->result_symbol = NEWLINE;
    return true;
}

// `40%` is a number, `40 %2` and `40%(n)` compute.
static bool percent(TSLexer *lexer) {
    advance(lexer);
    int32_t next = lexer->lookahead;
    if (is_word(next) || next == '(' || next == '$') return false;
    lexer->mark_end(lexer);
    lexer->result_symbol = PERCENT;
    return true;
}

void *tree_sitter_flow_external_scanner_create(void) { return NULL; }

void tree_sitter_flow_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_flow_external_scanner_serialize(void *payload, char *buffer) {
    (void)payload;
    (void)buffer;
    return 0;
}

void tree_sitter_flow_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
    (void)payload;
    (void)buffer;
    (void)length;
}

bool tree_sitter_flow_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
    (void)payload;
    if (valid[PERCENT] && lexer->lookahead == '%') return percent(lexer);
    return valid[NEWLINE] && newline(lexer);
}

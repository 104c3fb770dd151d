// The grammar of Flow for tree-sitter. What is right is said by `grammar/flow.pest`: this one reads
// every program that is right by it, and a test over all programs of the repository keeps it so. It
// may read more, since what is wrong is said by the language server.
//
// Line ends end statements, but not where the next line can only go on with the one before. Only
// `src/scanner.c` can look that far, so it decides; everywhere else line ends are blanks.

const PRECEDENCE = {
  or: 1,
  and: 2,
  not: 3,
  compare: 4,
  otherwise: 5,
  add: 6,
  multiply: 7,
  negate: 8,
  postfix: 9,
};

// Words that begin statements and may be names of settings and steps all the same.
const STATEMENT_WORDS = ["return", "yield", "if", "match", "each", "repeat"];

module.exports = grammar({
  name: "flow",

  externals: ($) => [$._newline, $._percent],
  extras: ($) => [/[\s\uFEFF]/, $.comment, $.doc_comment, $.file_comment],
  word: ($) => $.identifier,
  supertypes: ($) => [$._declaration, $._expression],
  conflicts: ($) => [
    // `Done {`: a record, or a name and what stands behind it in braces.
    [$._expression, $.record],
    // `A => { a: 1 }`: a record, or a block with a setting.
    [$.field, $._value],
    [$.record, $.block],
    // `price: $0.10 in, $0.40 out`.
    [$.price],
    [$._expression, $.price_part],
    // `if c { … } else …`: its own branch, or what is done where it fails.
    [$.if],
  ],

  rules: {
    source_file: ($) => repeat($._declaration),

    _declaration: ($) =>
      choice(
        $.import, $.const, $.type_definition, $.enum, $.model, $.prompt, $.lookup, $.guard, $.action,
        $.flow, $.batch, $.test, $.eval,
      ),

    // ------------------------------------------------------------ names and comments

    identifier: (_) => /[a-z_][a-zA-Z0-9_]*/,
    type_identifier: (_) => /[A-Z][a-zA-Z0-9_]*/,
    _name: ($) => choice($.identifier, $.type_identifier),

    file_comment: (_) => /\/\/![^\r\n]*/,
    doc_comment: (_) => /\/\/\/([^\/\r\n][^\r\n]*)?/,
    comment: (_) => /\/\/([^\/!\r\n][^\r\n]*)?|\/\/\/\/[^\r\n]*/,

    // ------------------------------------------------------------ declarations

    import: ($) =>
      seq(
        "import", list($.import_name), "from",
        field("source", choice($.string, $.module)),
      ),
    import_name: ($) => seq(field("name", $._imported), optional(seq("as", field("alias", $._imported)))),
    _imported: ($) => choice(alias($.identifier, $.imported), alias($.type_identifier, $.type_name)),
    module: ($) => seq($._name, repeat(seq(".", $._name))),

    const: ($) =>
      seq("const", field("name", named($, $.constant_name)), optional(seq(":", field("type", $.type))), "=", field("value", $._expression)),

    type_definition: ($) =>
      seq("type", field("name", named($, $.type_name)), choice(seq("=", field("type", $.type)), field("body", $.fields))),
    fields: ($) => seq("{", members($, $.field_definition), "}"),
    field_definition: ($) =>
      seq(field("name", named($, $.field_name)), ":", field("type", $.type), optional($._default)),
    _default: ($) => seq("=", field("default", $._expression)),

    enum: ($) => seq("enum", field("name", named($, $.type_name)), field("body", $.variants)),
    variants: ($) => seq("{", members($, named($, $.variant)), "}"),

    model: ($) => seq("model", field("name", named($, $.model_name)), "=", field("id", $.string), optional($.settings)),
    prompt: ($) =>
      seq(
        "prompt", field("name", named($, $.function_name)), $.parameters, optional($._output),
        optional(seq("from", field("source", $.string))), optional($.settings),
      ),
    lookup: ($) => seq("lookup", ...callable($)),
    guard: ($) => seq("guard", ...callable($)),
    action: ($) => seq("action", ...callable($)),
    flow: ($) =>
      seq("flow", field("name", named($, $.function_name)), optional($.parameters), optional($._output), field("body", $.block)),
    batch: ($) => seq("batch", field("name", named($, $.function_name)), field("body", $.block)),

    test: ($) => seq("test", field("name", $.string), field("body", $.test_lines)),
    test_lines: ($) => seq("{", members($, choice($.reply, $.let, $.expect)), "}"),
    reply: ($) =>
      seq("reply", field("prompt", named($, $.function_name)), choice(seq("from", field("source", $.string)), field("value", $._expression))),
    let: ($) => seq("let", $.step),
    expect: ($) => seq("expect", $._expression),

    eval: ($) => seq("eval", field("name", named($, $.function_name)), field("body", $.eval_lines)),
    eval_lines: ($) => seq("{", members($, choice($.score, $.setting, alias($._score_setting, $.setting))), "}"),
    score: ($) => seq("score", field("name", named($, $.key)), ":", $._expression),

    parameters: ($) => seq("(", optional(list($.parameter)), ")"),
    parameter: ($) =>
      seq(field("name", named($, $.parameter_name)), ":", field("type", $.type), optional($._default)),
    _output: ($) => seq("->", field("output", $.type)),

    // ------------------------------------------------------------ types

    type: ($) => prec.left(seq(repeat($.label), $._base, repeat(choice("?", $.bound, $.range)))),
    label: (_) => choice("private", "untrusted", "trusted"),
    _base: ($) => choice(named($, $.type_name), $.list_type, $.map_type, seq("(", $.type, ")")),
    list_type: ($) => seq("[", $.type, "]"),
    map_type: ($) => seq("{", named($, $.type_name), ":", $.type, "}"),
    bound: ($) => prec.right(seq("<=", choice($.quantity, $.path), optional("truncate"))),
    range: ($) => seq($._signed, "..", $._signed),
    _signed: ($) => seq(optional("-"), choice($.number, named($, $.variable))),
    path: ($) => prec.right(seq(named($, $.variable), repeat(seq(".", named($, $.property))))),

    // ------------------------------------------------------------ settings

    settings: ($) => seq("{", members($, $.setting), "}"),
    setting: ($) => seq(field("key", choice(named($, $.key), alias(choice(...STATEMENT_WORDS), $.key))), ":", $._value),
    // A setting that is called as what it stands among.
    _score_setting: ($) => seq(field("key", alias("score", $.key)), ":", $._value),
    _value: ($) =>
      choice(
        field("value", choice($.price, $.label)),
        seq("similar", field("value", $._expression), repeat($.worded)),
        seq(field("value", $._expression), choice(repeat($.worded), seq("->", field("type", $.type)))),
      ),
    price: ($) => seq($.price_part, repeat(seq(",", $.price_part))),
    price_part: ($) => seq($.money, choice(alias("in", $.word), alias($.identifier, $.word))),
    worded: ($) => seq(alias($.identifier, $.word), $._expression),

    // ------------------------------------------------------------ flows and steps

    block: ($) => seq("{", members($, choice($.result, $.setting, $.step, $._operation)), "}"),
    result: ($) => seq(choice("return", "yield"), $._operation),
    step: ($) =>
      seq(field("name", choice(named($, $.step_name), alias(choice(...STATEMENT_WORDS), $.step_name))), "=", $._operation),

    _operation: ($) => prec.right(seq($._work, optional($.settings), repeat($.handler))),
    _work: ($) => choice($.if, $.match, $.each, $.repeat, $._expression),
    handler: ($) =>
      prec.right(seq("else", choice($.stop, "redact", $.retry, "hold", seq($._work, optional($.settings))))),
    stop: ($) => seq("stop", $._expression),
    retry: ($) => seq("retry", $._expression),

    if: ($) =>
      seq(
        "if", field("condition", $._expression), field("then", $.block),
        repeat(prec.dynamic(1, seq("else", "if", field("condition", $._expression), field("then", $.block)))),
        optional(prec.dynamic(1, seq("else", field("else", $.block)))),
      ),
    match: ($) => seq("match", field("subject", $._expression), field("body", $.arms)),
    arms: ($) => seq("{", members($, $.arm), "}"),
    arm: ($) => seq($.pattern, repeat(seq("|", $.pattern)), "=>", choice($.block, $._operation)),
    pattern: ($) =>
      choice(
        "else", "_", $.boolean, $.null, named($, $.variant), seq(named($, $.type_name), ".", named($, $.variant)),
        seq(optional("-"), $.number), $.money, $.string,
      ),
    each: ($) =>
      seq("each", field("item", named($, $.variable)), "in", field("list", $._expression), field("body", $.block)),
    repeat: ($) =>
      prec.right(seq(
        "repeat", optional(seq("up", "to", $._expression)), optional(seq("from", $._expression)),
        field("body", $.block), optional(seq("until", $._expression)),
      )),

    // ------------------------------------------------------------ expressions

    _expression: ($) =>
      choice(
        $.binary, $.unary, $.call, $.index, $.member, $.string, $.quantity, $.money, $.list, $.parenthesized,
        $.record, $.boolean, $.null, $.it, alias($.identifier, $.variable), alias($.type_identifier, $.type_name),
      ),
    boolean: (_) => choice("true", "false"),
    null: (_) => "null",
    // The value at hand: of `until`, `unless`, a score.
    it: (_) => "it",

    binary: ($) =>
      choice(
        ...[
          ["or", PRECEDENCE.or],
          ["and", PRECEDENCE.and],
          [choice("==", "!=", "<=", "<", ">=", ">", "in", seq("not", "in")), PRECEDENCE.compare],
          ["??", PRECEDENCE.otherwise],
          [choice("+", "-"), PRECEDENCE.add],
          [choice("*", "/", "%"), PRECEDENCE.multiply],
        ].map(([operator, precedence]) =>
          prec.left(precedence, seq($._expression, operator, $._expression)),
        ),
      ),
    unary: ($) =>
      choice(prec(PRECEDENCE.not, seq("not", $._expression)), prec(PRECEDENCE.negate, seq("-", $._expression))),

    call: ($) => prec(PRECEDENCE.postfix, seq(field("function", choice($._callee, $._expression)), $.arguments)),
    _callee: ($) => prec(1, choice(alias($.identifier, $.function_name), alias($.type_identifier, $.type_name))),
    arguments: ($) => seq("(", optional(list($._argument)), ")"),
    _argument: ($) => choice($._expression, $.named_argument, $.lambda),
    named_argument: ($) => seq(field("name", named($, $.argument_name)), ":", $._argument),
    lambda: ($) => seq(field("parameter", choice(named($, $.parameter_name), alias("it", $.parameter_name))), "=>", $._argument),
    index: ($) => prec(PRECEDENCE.postfix, seq($._expression, "[", $._expression, "]")),
    member: ($) => prec(PRECEDENCE.postfix, seq($._expression, ".", named($, $.property))),

    list: ($) => seq("[", optional(list($._expression)), "]"),
    parenthesized: ($) => seq("(", $._expression, ")"),
    record: ($) =>
      prec.dynamic(1, seq(optional(field("type", alias($.type_identifier, $.type_name))), "{", members($, $.field), "}")),
    field: ($) => seq(field("key", choice(named($, $.key), $.string)), ":", field("value", $._expression)),

    quantity: ($) => prec.right(seq($.number, optional($.unit))),
    unit: (_) => choice("tokens", "token", "chars", "char", "bits", "bit"),
    number: ($) => seq($._digits, optional($._percent)),
    _digits: (_) => /[0-9][0-9_]*(\.[0-9][0-9_]*)?([a-zA-Z][a-zA-Z0-9_]*)?/,
    money: (_) => /\$[0-9][0-9_]*(\.[0-9][0-9_]*)?([a-zA-Z][a-zA-Z0-9_]*)?/,

    // ------------------------------------------------------------ texts and templates

    string: ($) => choice($._quoted, $._text_block),

    _quoted: ($) =>
      seq(
        '"',
        repeat(choice(
          alias(token.immediate(prec(1, /[^"\\\n{]+|\{/)), $.text),
          alias(token.immediate(prec(1, /\\[^\n]/)), $.escape),
          alias(token.immediate(prec(2, /\{#([^#"\n]|#[^}"\n])*#\}/)), $.template_comment),
          alias($._quoted_expression, $.template_expression),
          alias($._quoted_statement, $.template_statement),
        )),
        token.immediate('"'),
      ),
    _quoted_expression: ($) => templateExpression($, $._quoted_piece),
    _quoted_statement: ($) => templateStatement($, $._quoted_piece),
    _quoted_piece: ($) =>
      choice($._template_piece, alias(/\\"([^"\\]|\\[^"])*\\"|'[^'"\n]*'/, $.template_string)),

    _text_block: ($) =>
      seq(
        '"""',
        repeat(choice(
          alias(token.immediate(prec(1, /[^"\\{]+|\{|"/)), $.text),
          alias(token.immediate(prec(1, /\\(.|\n)/)), $.escape),
          alias(token.immediate(prec(2, /\{#([^#]|#[^}])*#\}/)), $.template_comment),
          alias($._block_expression, $.template_expression),
          alias($._block_statement, $.template_statement),
        )),
        token.immediate(prec(2, '"""')),
      ),
    _block_expression: ($) => templateExpression($, $._block_piece),
    _block_statement: ($) => templateStatement($, $._block_piece),
    _block_piece: ($) =>
      choice($._template_piece, alias(/"[^"]*"|'[^']*'|\\"([^"\\]|\\[^"])*\\"/, $.template_string)),

    _template_piece: ($) =>
      choice(
        named($, $.variable),
        $.template_word,
        seq(".", choice(named($, $.property), alias($.template_word, $.property))),
        seq("|", named($, $.filter)),
        alias(/[0-9]+(\.[0-9]+)?/, $.number),
        $.template_operator,
      ),
    template_word: (_) =>
      choice("in", "is", "and", "or", "not", "if", "else", "true", "false", "none", "recursive"),
    // `//` divides here, and begins no comment.
    template_operator: (_) => choice(token(prec(1, "//")), /==|!=|<=|>=|\*\*|[-+*\/%~=<>,:()\[\]{}]/),
  },
});

// One or more, with commas in between and perhaps behind.
function list(rule) {
  return seq(rule, repeat(seq(",", rule)), optional(","));
}

// What stands between braces: each on its line, or behind a comma.
function members($, rule) {
  const end = choice(",", $._newline);
  return optional(seq(rule, repeat(seq(end, rule)), optional(end)));
}

// A name, called what it is the name of.
function named($, what) {
  return choice(alias($.identifier, what), alias($.type_identifier, what));
}

function callable($) {
  return [field("name", named($, $.function_name)), $.parameters, optional($._output), optional($.settings)];
}

function templateExpression($, piece) {
  return seq(
    alias(token.immediate(prec(2, /\{\{-?/)), "{{"),
    repeat(piece),
    choice("}}", alias("-}}", "}}")),
  );
}

function templateStatement($, piece) {
  return seq(
    alias(token.immediate(prec(2, /\{%[-+]?/)), "{%"),
    alias(choice($.identifier, "if", "else"), $.template_keyword),
    repeat(piece),
    choice("%}", alias("-%}", "%}"), alias("+%}", "%}")),
  );
}

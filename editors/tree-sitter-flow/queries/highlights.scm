; What each word is, in the names that Neovim, Zed and tree-sitter's own tools share.
; Each node is caught once, so that it does not matter whether the first or the last pattern counts.

[(comment) (file_comment) (template_comment)] @comment
(doc_comment) @comment.documentation

; Declarations

["import" "from" "as"] @keyword.import
["const" "type" "enum" "model" "prompt" "lookup" "guard" "action" "flow" "batch" "test" "eval"] @keyword

; Statements

["return" "yield"] @keyword.return
["if" "match"] @keyword.conditional
"else" @keyword.conditional
"_" @keyword.conditional
["each" "repeat" "up" "to" "until"] @keyword.repeat
["stop" "redact" "retry" "hold"] @keyword.exception
["reply" "let" "expect" "score"] @keyword
["and" "or" "not" "in"] @keyword.operator
["similar" (word)] @keyword
(label) @keyword.modifier
"truncate" @keyword.modifier

; Texts

(string ["\"" "\"\"\""] @string)
(text) @string
(escape) @string.escape

(template_keyword) @keyword
(template_word) @keyword.operator
(template_string) @string
(template_operator) @operator
(filter) @function
["{{" "}}" "{%" "%}"] @punctuation.special

; Values

(number) @number
(money) @number
(unit) @keyword.modifier
(boolean) @boolean
[(null) (it)] @constant.builtin

; Names

(type_name) @type
(function_name) @function
(model_name) @type
(constant_name) @constant
(imported) @variable
(module (identifier) @module)
(module (type_identifier) @module)
(variant) @constant
[(key) (field_name) (property)] @property
[(parameter_name) (argument_name)] @variable.parameter
[(variable) (step_name)] @variable

; Signs

["->" "=>" "=" "==" "!=" "<=" "<" ">=" ">" "+" "-" "*" "/" "%" "??" ".." "?" "|"] @operator
["," ":" "."] @punctuation.delimiter
["(" ")" "[" "]" "{" "}"] @punctuation.bracket

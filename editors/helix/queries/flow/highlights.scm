; What each word is, in Helix's names.
; Each node is caught once, so that it does not matter whether the first or the last pattern counts.

[(comment) (file_comment)] @comment.line
(template_comment) @comment.block
(doc_comment) @comment.line.documentation

; Declarations

["import" "from" "as"] @keyword.control.import
["const" "type" "enum" "model"] @keyword.storage.type
["prompt" "lookup" "guard" "action" "flow" "batch" "test" "eval"] @keyword.function

; Statements

["return" "yield"] @keyword.control.return
["if" "match" "else" "_"] @keyword.control.conditional
["each" "repeat" "up" "to" "until"] @keyword.control.repeat
["stop" "redact" "retry" "hold"] @keyword.control.exception
["reply" "let" "expect" "score"] @keyword
["and" "or" "not" "in"] @keyword.operator
["similar" (word)] @keyword
[(label) "truncate"] @keyword.storage.modifier

; Texts

(string ["\"" "\"\"\""] @string)
(text) @string
(escape) @constant.character.escape

(template_keyword) @keyword.control
(template_word) @keyword.operator
(template_string) @string
(template_operator) @operator
(filter) @function
["{{" "}}" "{%" "%}"] @punctuation.special

; Values

[(number) (money)] @constant.numeric
(unit) @keyword.storage.modifier
(boolean) @constant.builtin.boolean
[(null) (it)] @constant.builtin

; Names

(type_name) @type
(variant) @type.enum.variant
(function_name) @function
(model_name) @type
(constant_name) @constant
(imported) @variable
(module [(identifier) (type_identifier)] @namespace)
[(key) (field_name) (property)] @variable.other.member
[(parameter_name) (argument_name)] @variable.parameter
[(variable) (step_name)] @variable

; Signs

["->" "=>" "=" "==" "!=" "<=" "<" ">=" ">" "+" "-" "*" "/" "%" "??" ".." "?" "|"] @operator
["," ":" "."] @punctuation.delimiter
["(" ")" "[" "]" "{" "}"] @punctuation.bracket

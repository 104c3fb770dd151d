(flow body: (block) @function.inside) @function.around
(batch body: (block) @function.inside) @function.around
(prompt (settings) @function.inside) @function.around
(lookup (settings) @function.inside) @function.around
(guard (settings) @function.inside) @function.around
(action (settings) @function.inside) @function.around
(eval body: (eval_lines) @function.inside) @function.around

(test body: (test_lines) @test.inside) @test.around

(type_definition body: (fields) @class.inside) @class.around
(enum body: (variants) @class.inside) @class.around

(parameter) @parameter.inside
(arguments (_) @parameter.inside)

[(comment) (doc_comment) (file_comment)] @comment.inside
[(comment) (doc_comment) (file_comment)]+ @comment.around

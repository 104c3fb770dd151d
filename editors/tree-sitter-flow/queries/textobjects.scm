; In the names of nvim-treesitter-textobjects.

(flow body: (block) @function.inner) @function.outer
(batch body: (block) @function.inner) @function.outer
(prompt (settings) @function.inner) @function.outer
(lookup (settings) @function.inner) @function.outer
(guard (settings) @function.inner) @function.outer
(action (settings) @function.inner) @function.outer
(test body: (test_lines) @function.inner) @function.outer
(eval body: (eval_lines) @function.inner) @function.outer

(type_definition) @class.outer
(enum) @class.outer
(model) @class.outer

(parameter) @parameter.inner
(step) @assignment.outer
(call) @call.outer
[(comment) (doc_comment) (file_comment)] @comment.outer

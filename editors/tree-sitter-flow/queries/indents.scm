; In the names of nvim-treesitter.

[
  (fields)
  (variants)
  (settings)
  (block)
  (arms)
  (test_lines)
  (eval_lines)
  (record)
  (list)
  (parameters)
  (arguments)
] @indent.begin

["}" "]" ")"] @indent.end
["}" "]" ")"] @indent.branch
(string) @indent.auto

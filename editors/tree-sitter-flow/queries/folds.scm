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
  (string)
] @fold

[
  (prompt)
  (lookup)
  (guard)
  (action)
  (flow)
  (batch)
  (test)
  (block)
  (lambda)
] @local.scope

(parameter name: (parameter_name) @local.definition)
(lambda parameter: (parameter_name) @local.definition)
(step name: (step_name) @local.definition)
(each item: (variable) @local.definition)

(variable) @local.reference

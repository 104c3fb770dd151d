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

(parameter name: (parameter_name) @local.definition.parameter)
(lambda parameter: (parameter_name) @local.definition.parameter)
(step name: (step_name) @local.definition.var)
(each item: (variable) @local.definition.var)

(variable) @local.reference

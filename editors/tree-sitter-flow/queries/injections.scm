; Texts that are written in another language.

((call
  function: (function_name) @_function
  (arguments (string (text) @injection.content)))
  (#eq? @_function "sql")
  (#set! injection.language "sql"))

((call
  function: (function_name) @_function
  (arguments (string (text) @injection.content)))
  (#eq? @_function "graph")
  (#set! injection.language "cypher"))

((call
  function: (function_name) @_function
  (arguments (string (text) @injection.content)))
  (#eq? @_function "matches")
  (#set! injection.language "regex"))

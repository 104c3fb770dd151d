(type_definition "type" @context name: (_) @name) @item
(enum "enum" @context name: (_) @name) @item
(const "const" @context name: (_) @name) @item
(model "model" @context name: (_) @name) @item
(prompt "prompt" @context name: (_) @name) @item
(lookup "lookup" @context name: (_) @name) @item
(guard "guard" @context name: (_) @name) @item
(action "action" @context name: (_) @name) @item
(flow "flow" @context name: (_) @name) @item
(batch "batch" @context name: (_) @name) @item
(test "test" @context name: (_) @name) @item
(eval "eval" @context name: (_) @name) @item
(block (step name: (_) @name) @item)

-- Runs inside Neovim, which was started with what `docs/editors.md` says to put into `init.lua`.
-- Opens the programs that FILES names, one a line, and writes what Neovim shows of each to OUT.
local function shown(path)
  vim.cmd.edit(vim.fn.fnameescape(path))
  local buffer = vim.api.nvim_get_current_buf()
  local published = false
  local group = vim.api.nvim_create_autocmd('DiagnosticChanged', {
    buffer = buffer,
    callback = function() published = true end,
  })
  local attached = vim.wait(10000, function()
    return #vim.lsp.get_clients({ bufnr = buffer, name = 'flowc' }) == 1
  end, 5)
  local heard = vim.wait(10000, function() return published end, 5)
  vim.api.nvim_del_autocmd(group)
  local diagnostics = {}
  for _, found in ipairs(vim.diagnostic.get(buffer)) do
    table.insert(diagnostics, {
      code = found.code,
      offset = vim.api.nvim_buf_get_offset(buffer, found.lnum) + found.col,
      message = found.message,
      severity = found.severity == vim.diagnostic.severity.ERROR and 'error' or 'warning',
    })
  end
  -- What the tree says of the first word, and how many levels of folds there are.
  local captures = {}
  for _, capture in ipairs(vim.treesitter.get_captures_at_pos(buffer, 0, 0)) do
    table.insert(captures, capture.capture)
  end
  local folds = 0
  for line = 1, vim.api.nvim_buf_line_count(buffer) do folds = math.max(folds, vim.fn.foldlevel(line)) end
  -- What the server says of the first word, which comes when it comes.
  local word = false
  if path:find('^examples/') then
    word = vim.wait(10000, function()
      local found = vim.lsp.semantic_tokens.get_at_pos(buffer, 0, 0)
      return found ~= nil and #found > 0
    end, 5)
  end
  return {
    path = path,
    word = word,
    attached = attached,
    heard = heard,
    filetype = vim.bo[buffer].filetype,
    diagnostics = diagnostics,
    captures = captures,
    folds = folds,
  }
end

local out = {}
for _, path in ipairs(vim.fn.readfile(os.getenv('FILES'))) do table.insert(out, shown(path)) end
vim.fn.writefile({ vim.json.encode(out) }, os.getenv('OUT'))
vim.cmd('qa!')

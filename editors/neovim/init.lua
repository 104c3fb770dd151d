vim.filetype.add({ extension = { flow = 'flowc' } })
vim.treesitter.language.register('flow', 'flowc')

vim.api.nvim_create_autocmd('FileType', {
  pattern = 'flowc',
  callback = function(event)
    vim.bo[event.buf].commentstring = '// %s'
    vim.bo[event.buf].shiftwidth = 2
    vim.bo[event.buf].expandtab = true
    -- Colours and folds, once the parser is built; without it colours come from the server.
    if pcall(vim.treesitter.start, event.buf, 'flow') then
      vim.wo.foldmethod = 'expr'
      vim.wo.foldexpr = 'v:lua.vim.treesitter.foldexpr()'
      vim.wo.foldlevel = 99
    end
    local file = vim.api.nvim_buf_get_name(event.buf)
    local project = vim.fs.find({ 'flow.toml', '.git' }, { upward = true, path = vim.fs.dirname(file) })[1]
    vim.lsp.start({
      name = 'flowc',
      cmd = { 'flowc', 'lsp' },
      root_dir = vim.fs.dirname(project or file),
    })
  end,
})

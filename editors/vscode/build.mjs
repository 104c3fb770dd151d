// Bundles the extension and its panels' pages into dist/, with the licences of all that is bundled.

import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const minify = process.argv.includes('--minify');
const shared = { bundle: true, minify, sourcemap: minify ? false : 'linked', metafile: true, logLevel: 'warning', absWorkingDir: here };

const results = await Promise.all([
  build({
    ...shared, entryPoints: ['src/extension.ts'], outfile: 'dist/extension.cjs',
    platform: 'node', format: 'cjs', target: 'node20', external: ['vscode'],
  }),
  build({
    ...shared, entryPoints: ['src/webview/graph.ts', 'src/webview/preview.ts'], outdir: 'dist',
    platform: 'browser', format: 'iife', target: 'chrome120',
  }),
]);

const packages = new Set();
for (const file of results.flatMap((r) => Object.keys(r.metafile.inputs))) {
  const found = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file);
  if (found) packages.add(found[1]);
}
const notices = [...packages].sort().map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(path.join(here, folder, 'package.json'), 'utf8'));
  const file = readdirSync(path.join(here, folder)).find((f) => /^licen[cs]e/i.test(f));
  if (!file) throw new Error(`${name} has no licence file: it can't be bundled`);
  return `${name} ${version} (${license})\n\n${readFileSync(path.join(here, folder, file), 'utf8').trim()}\n`;
});
writeFileSync(path.join(here, 'THIRD-PARTY.txt'), notices.join(`\n${'-'.repeat(72)}\n\n`));

for (const licence of ['LICENSE-APACHE', 'LICENSE-MIT']) {
  const from = path.join(here, '../..', licence);
  if (existsSync(from)) copyFileSync(from, path.join(here, licence));
}

// The TextMate grammar against the language server, over every program of the repository whose
// syntax is right: each word has to be of the class that the server says it is of, and each keyword
// of `flow.pest` has to be seen as one somewhere.
//
//   node textmate.mjs PATH/TO/flowc
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import oniguruma from "vscode-oniguruma";
import textmate from "vscode-textmate";
import { Server } from "./server.mjs";

const repository = join(dirname(fileURLToPath(import.meta.url)), "../..");
const SYNTAXES = "editors/vscode/syntaxes";

// What the scopes of the grammar amount to; the innermost that is listed counts.
const SCOPES = [
  ["comment", "comment"],
  ["punctuation.definition.string", "string"],
  ["constant.character.escape", "string"],
  ["string", "string"],
  ["constant.numeric", "number"],
  ["constant.language", "keyword"],
  ["variable.language", "it"],
  ["keyword.operator.logical", "keyword"],
  ["keyword.operator", "sign"],
  ["punctuation", "sign"],
  ["keyword", "keyword"],
  ["storage", "keyword"],
  ["entity.name.type", "type"],
  ["entity.name.class", "type"],
  ["support.type", "type"],
  ["entity.name.function", "function"],
  ["support.function", "function"],
  ["variable.other.enummember", "name"],
  ["entity.name.namespace", "name"],
  ["variable", "name"],
];

// What a word may be in the grammar when the server says what it means: a grammar does not know
// what a name stands for, so it may call any name a name, and nothing else.
const MEANS = {
  comment: ["comment"],
  string: ["string"],
  number: ["number"],
  keyword: ["keyword", "it"],
  operator: ["sign"],
  type: ["type"],
  enum: ["type", "name"],
  class: ["type", "name"],
  enumMember: ["name", "type"],
  function: ["function", "name"],
  variable: ["name", "it"],
  parameter: ["name"],
  property: ["name"],
};

const { loadWASM, OnigScanner, OnigString } = oniguruma;
const require = createRequire(import.meta.url);
await loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")).buffer);
const registry = new textmate.Registry({
  onigLib: Promise.resolve({
    createOnigScanner: (sources) => new OnigScanner(sources),
    createOnigString: (text) => new OnigString(text),
  }),
  loadGrammar: async (scope) => {
    const name = { "source.flowc": "flowc", "markdown.flowc.codeblock": "flowc.markdown" }[scope];
    // All that the fence needs of Markdown is that there is some.
    if (!name) return { scopeName: scope, patterns: [], repository: {} };
    const path = join(repository, SYNTAXES, `${name}.tmLanguage.json`);
    return textmate.parseRawGrammar(readFileSync(path, "utf8"), path);
  },
  getInjections: (scope) => (scope === "text.html.markdown" ? ["markdown.flowc.codeblock"] : []),
});
const grammar = await registry.loadGrammar("source.flowc");

const command = process.argv[2];
if (!command) throw new Error("usage: node textmate.mjs PATH/TO/flowc");
const server = await Server.start(command, repository);
const missing = new Set(keywords());
const wrong = [];
let [files, words] = [0, 0];
for (const path of programs()) {
  const text = readFileSync(path, "utf8");
  const { diagnostics, tokens } = await server.look(path, text);
  if (diagnostics.some((d) => d.code === "flow::E0001")) continue;
  files += 1;
  compare(relative(repository, path), text.split("\n"), tokens);
}
await server.stop();
await fence();
for (const word of missing) wrong.push(`no program has the keyword \`${word}\` coloured as one`);
if (files < 400) wrong.push(`only ${files} programs were looked at`);
for (const line of wrong.slice(0, Number(process.env.SHOWN ?? 40))) console.error(line);
console.log(`textmate: ${words} words of ${files} programs, ${wrong.length} of another class`);
process.exit(wrong.length === 0 ? 0 : 1);

function compare(name, lines, tokens) {
  const meant = new Map(tokens.map((t) => [`${t.line}:${t.start}`, t]));
  let state = textmate.INITIAL;
  lines.forEach((line, number) => {
    const coloured = grammar.tokenizeLine(line, state);
    state = coloured.ruleStack;
    const classes = coloured.tokens.map((t) => ({ ...t, class: classOf(t.scopes) }));
    const at = (column) => classes.find((t) => t.startIndex <= column && column < t.endIndex)?.class ?? "none";
    for (let column = 0; column < line.length; column++) {
      const token = meant.get(`${number}:${column}`);
      if (!token) continue;
      words += 1;
      const word = line.slice(token.start, token.end);
      const given = new Set();
      for (let i = token.start; i < token.end; i++) if (/\S/.test(line[i])) given.add(at(i));
      const bad = [...given].filter((g) => !MEANS[token.type].includes(g));
      if (bad.length > 0) {
        wrong.push(`${name}:${number + 1}:${column + 1}: \`${word}\` is ${token.type}, coloured ${bad}: ${line.trim()}`);
      } else if (token.type === "keyword") {
        missing.delete(word);
      }
      column = token.end - 1;
    }
  });
}

// A program in Markdown is coloured, one that is not finished as well, and what follows is not.
async function fence() {
  const markdown = await registry.loadGrammar("text.html.markdown");
  const lines = ["```flow,fragment", "flow f(n: int) -> int {", "  return n // open", "```", "return to `prose`"];
  let state = textmate.INITIAL;
  const scopes = lines.map((line) => {
    const coloured = markdown.tokenizeLine(line, state);
    state = coloured.ruleStack;
    return coloured.tokens.map((t) => [line.slice(t.startIndex, t.endIndex), t.scopes.at(-1)]);
  });
  const has = (line, word, scope) => scopes[line].some(([w, s]) => w === word && s === scope);
  if (!has(1, "flow", "storage.type.flow.flowc") || !has(2, "return", "keyword.control.flow.flowc")) {
    wrong.push(`a fence in Markdown is not coloured: ${JSON.stringify(scopes)}`);
  }
  if (scopes[4].some(([, scope]) => scope.endsWith(".flowc"))) {
    wrong.push(`what follows a fence is coloured: ${JSON.stringify(scopes[4])}`);
  }
}

function classOf(scopes) {
  for (const scope of [...scopes].reverse()) {
    const found = SCOPES.find(([prefix]) => scope === prefix || scope.startsWith(`${prefix}.`));
    if (found) return found[1];
  }
  return "none";
}

// The words that stand in quotes in the grammar of the language.
function keywords() {
  const grammar = readFileSync(join(repository, "grammar/flow.pest"), "utf8").replace(/^\s*\/\/.*$/gm, "");
  return new Set([...grammar.matchAll(/"([a-z]+)"/g)].map((m) => m[1]));
}

function programs() {
  return ["tests/corpus", "examples", "stdlib", "editors/linguist"].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true })
      // A folder called `.flow` is the state of runs.
      .filter((name) => /[^/]\.flow$/.test(name))
      .sort()
      .map((name) => join(repository, folder, name)),
  );
}

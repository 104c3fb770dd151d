// A client for `flowc lsp`, as small as the tests of the grammars need it.
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";

/** A running server. Positions are in UTF-16, like JavaScript's strings. */
export class Server {
  #child;
  #next = 1;
  #waiting = new Map();
  #notified = new Map();
  #buffer = Buffer.alloc(0);
  /** The names of the token types, by their numbers. */
  types = [];

  /** Starts `command lsp` in a folder. */
  static async start(command, folder) {
    const server = new Server();
    server.#child = spawn(command, ["lsp"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
    server.#child.stdout.on("data", (data) => server.#take(data));
    server.#child.on("exit", (code) => server.#end(new Error(`${command} lsp ended with ${code}`)));
    server.#child.on("error", (error) => server.#end(error));
    const answer = await server.ask("initialize", {
      processId: process.pid,
      capabilities: {},
      workspaceFolders: [{ uri: pathToFileURL(folder).href, name: "test" }],
    });
    server.types = answer.capabilities.semanticTokensProvider.legend.tokenTypes;
    server.tell("initialized", {});
    return server;
  }

  /** The semantic tokens of a file as `{ line, start, end, type }`, and its diagnostics. */
  async look(path, text) {
    const uri = pathToFileURL(path).href;
    const diagnostics = new Promise((resolve, reject) => this.#notified.set(uri, { resolve, reject }));
    this.tell("textDocument/didOpen", { textDocument: { uri, languageId: "flowc", version: 1, text } });
    const found = await diagnostics;
    const { data } = await this.ask("textDocument/semanticTokens/full", { textDocument: { uri } });
    this.tell("textDocument/didClose", { textDocument: { uri } });
    const tokens = [];
    let [line, start] = [0, 0];
    for (let i = 0; i < data.length; i += 5) {
      start = data[i] === 0 ? start + data[i + 1] : data[i + 1];
      line += data[i];
      tokens.push({ line, start, end: start + data[i + 2], type: this.types[data[i + 3]] });
    }
    return { diagnostics: found, tokens };
  }

  async stop() {
    await this.ask("shutdown", null);
    this.#child.removeAllListeners("exit");
    this.tell("exit", null);
  }

  ask(method, params) {
    const id = this.#next++;
    this.#send({ id, method, params });
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  tell(method, params) {
    this.#send({ method, params });
  }

  #send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: "2.0", ...message }));
    this.#child.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.#child.stdin.write(body);
  }

  #take(data) {
    this.#buffer = Buffer.concat([this.#buffer, data]);
    for (;;) {
      const head = this.#buffer.indexOf("\r\n\r\n");
      if (head < 0) return;
      const length = Number(/Content-Length: (\d+)/.exec(this.#buffer.subarray(0, head).toString())[1]);
      if (this.#buffer.length < head + 4 + length) return;
      const message = JSON.parse(this.#buffer.subarray(head + 4, head + 4 + length).toString());
      this.#buffer = this.#buffer.subarray(head + 4 + length);
      this.#hear(message);
    }
  }

  #hear(message) {
    if (message.method && message.id !== undefined) {
      this.#send({ id: message.id, result: null });
    } else if (message.method === "textDocument/publishDiagnostics") {
      this.#notified.get(message.params.uri)?.resolve(message.params.diagnostics);
    } else if (message.id !== undefined) {
      const waits = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.error) waits.reject(new Error(JSON.stringify(message.error)));
      else waits.resolve(message.result);
    }
  }

  #end(error) {
    for (const waits of [...this.#waiting.values(), ...this.#notified.values()]) waits.reject(error);
  }
}

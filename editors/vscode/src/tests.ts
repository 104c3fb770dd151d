// The tests of programs in the editor's own testing view: found by the server, run by `flowc test`.

import { spawn } from 'node:child_process';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { command, profile } from './flowc.ts';
import type { Program } from './protocol.ts';
import type { Server } from './server.ts';
import { saved, type Target } from './target.ts';

/** What `flowc test --format json` prints. */
interface Answer {
  readonly tests?: readonly {
    readonly name: string;
    readonly passed: boolean;
    readonly error: { readonly code?: string; readonly message: string } | string | null;
    readonly failures: readonly { readonly expect: string; readonly left?: unknown; readonly operator?: string; readonly right?: unknown; readonly error: string | null }[];
    readonly ms: number;
  }[];
  readonly diagnostics?: readonly { readonly severity: string; readonly code: string; readonly message: string }[];
}

export class Tests implements vscode.Disposable {
  private readonly controller = vscode.tests.createTestController('flowc', 'Flow');
  private readonly disposables: vscode.Disposable[];
  private readonly server: Server;
  private readonly output: vscode.LogOutputChannel;
  private pending: NodeJS.Timeout | undefined;

  constructor(server: Server, output: vscode.LogOutputChannel) {
    [this.server, this.output] = [server, output];
    this.controller.createRunProfile('Run', vscode.TestRunProfileKind.Run, (request, token) => this.runAll(request, token), true);
    this.controller.refreshHandler = () => this.find();
    this.disposables = [
      this.controller,
      vscode.workspace.onDidOpenTextDocument((d) => this.soon(d)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.soon(document)),
      vscode.workspace.onDidDeleteFiles(({ files }) => files.forEach((f) => this.controller.items.delete(f.toString()))),
    ];
    void this.find();
  }

  /** Runs a document's tests, or one by its name. */
  async run(target: Target | undefined): Promise<void> {
    if (target === undefined) return;
    await this.read(target.document);
    const file = this.controller.items.get(target.document.uri.toString());
    if (file === undefined) {
      void vscode.window.showInformationMessage('Flow: there is no test in this file. `test "…" { … }` makes one.');
      return;
    }
    const one = target.name === undefined ? undefined : file.children.get(target.name);
    const request = new vscode.TestRunRequest([one ?? file]);
    await this.runAll(request, new vscode.CancellationTokenSource().token);
  }

  dispose(): void {
    clearTimeout(this.pending);
    this.disposables.forEach((d) => d.dispose());
  }

  private soon(document: vscode.TextDocument): void {
    if (document.languageId !== 'flowc') return;
    clearTimeout(this.pending);
    this.pending = setTimeout(() => void this.read(document), 400);
  }

  private async find(): Promise<void> {
    for (const document of vscode.workspace.textDocuments) {
      if (document.languageId === 'flowc') await this.read(document);
    }
  }

  private async read(document: vscode.TextDocument): Promise<void> {
    const { uri } = document;
    let program: Program;
    try {
      program = await this.server.ask<Program>('flowc/program', { uri: uri.toString() });
    } catch {
      // The server says itself why it does not run; what was found before stays.
      return;
    }
    if (program.tests.length === 0) return this.controller.items.delete(uri.toString());
    const file = this.controller.createTestItem(uri.toString(), vscode.workspace.asRelativePath(uri), uri);
    for (const { name, range } of program.tests) {
      const item = this.controller.createTestItem(name, name, uri);
      item.range = new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
      file.children.add(item);
    }
    this.controller.items.add(file);
  }

  private async runAll(request: vscode.TestRunRequest, token: vscode.CancellationToken): Promise<void> {
    const run = this.controller.createTestRun(request);
    const wanted = request.include ?? [...this.controller.items].map(([, item]) => item);
    for (const item of wanted) {
      if (token.isCancellationRequested) break;
      const isFile = item.parent === undefined;
      const tests = isFile ? [...item.children].map(([, test]) => test) : [item];
      await this.runOne(run, item, tests.filter((t) => !request.exclude?.includes(t)), token);
    }
    run.end();
  }

  private async runOne(run: vscode.TestRun, item: vscode.TestItem, tests: vscode.TestItem[], token: vscode.CancellationToken): Promise<void> {
    const uri = item.uri;
    if (uri === undefined || !(await saved(await vscode.workspace.openTextDocument(uri)))) return;
    tests.forEach((test) => run.started(test));
    const filter = item.parent === undefined ? [] : ['--filter', item.id];
    const args = ['test', path.basename(uri.fsPath), '--format', 'json', ...filter, ...profile(uri)];
    const { stdout, stderr } = await this.said(args, path.dirname(uri.fsPath), token);
    let answer: Answer;
    try {
      answer = JSON.parse(stdout) as Answer;
    } catch {
      const message = new vscode.TestMessage(stderr.trim() === '' ? 'flowc test said nothing' : stderr.trim());
      tests.forEach((test) => run.errored(test, message));
      return;
    }
    for (const test of tests) {
      const result = answer.tests?.find((t) => t.name === test.id);
      if (result === undefined) run.errored(test, new vscode.TestMessage(broken(answer)));
      else if (result.passed) run.passed(test, result.ms);
      else run.failed(test, messages(result, test), result.ms);
      run.appendOutput(`${result?.passed === true ? 'ok  ' : 'FAIL'}  ${test.id}\r\n`, undefined, test);
    }
  }

  private said(args: string[], cwd: string, token: vscode.CancellationToken): Promise<{ stdout: string; stderr: string }> {
    const flowc = command();
    this.output.info(`> ${flowc} ${args.join(' ')}`);
    return new Promise((resolve) => {
      const child = spawn(flowc, args, { cwd });
      const cancelled = token.onCancellationRequested(() => child.kill('SIGINT'));
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (piece: string) => (stdout += piece));
      child.stderr.setEncoding('utf8').on('data', (piece: string) => (stderr += piece));
      const end = (more: string): void => {
        cancelled.dispose();
        resolve({ stdout, stderr: stderr + more });
      };
      child.on('error', (error) => end(`flowc does not start: ${error.message}`));
      child.on('close', () => end(''));
    });
  }
}

function messages(result: NonNullable<Answer['tests']>[number], test: vscode.TestItem): vscode.TestMessage[] {
  const out = result.failures.map(({ expect, left, operator, right, error }) => {
    const shown = (value: unknown): string => JSON.stringify(value, null, 2);
    const message =
      operator === undefined
        ? new vscode.TestMessage(`\`${expect}\` does not hold${error === null ? '' : `: ${error}`}`)
        : vscode.TestMessage.diff(`\`${expect}\` does not hold`, shown(right), shown(left));
    return placed(message, test);
  });
  if (result.error !== null) {
    const error = typeof result.error === 'string' ? result.error : [result.error.code, result.error.message].filter(Boolean).join(': ');
    out.push(placed(new vscode.TestMessage(error), test));
  }
  return out;
}

function placed(message: vscode.TestMessage, test: vscode.TestItem): vscode.TestMessage {
  if (test.uri && test.range) message.location = new vscode.Location(test.uri, test.range);
  return message;
}

function broken(answer: Answer): string {
  const errors = answer.diagnostics?.filter((d) => d.severity === 'error') ?? [];
  return errors.length === 0 ? 'this test was not run' : errors.map((d) => `${d.code}: ${d.message}`).join('\n');
}

// Runs a flow: asks for its inputs, starts `flowc run`, and feeds the view by its events.

import { spawn, type ChildProcess } from 'node:child_process';
import * as path from 'node:path';
import * as readline from 'node:readline';
import * as vscode from 'vscode';
import { command, profile } from './flowc.ts';
import { asked } from './inputs.ts';
import { begun, happened, lost, parse } from './progress.ts';
import type { Declared, Graph, Program } from './protocol.ts';
import { isRun, type Run, type RunView } from './runView.ts';
import type { Server } from './server.ts';
import { saved, type Target } from './target.ts';

const SCHEME = 'flowc-result';

export class Runner implements vscode.Disposable {
  private readonly active = new Map<Run, ChildProcess>();
  private readonly results = new Map<string, string>();
  private readonly disposables: vscode.Disposable[];
  private readonly context: vscode.ExtensionContext;
  private readonly server: Server;
  private readonly view: RunView;
  private readonly output: vscode.LogOutputChannel;

  constructor(context: vscode.ExtensionContext, server: Server, view: RunView, output: vscode.LogOutputChannel) {
    [this.context, this.server, this.view, this.output] = [context, server, view, output];
    const results = { provideTextDocumentContent: (uri: vscode.Uri) => this.results.get(uri.query) ?? '' };
    this.disposables = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, results),
      vscode.commands.registerCommand('flowc.runs.open', (uri, flow, step) => this.open(uri, flow, step)),
    ];
  }

  async run(target: Target | undefined): Promise<void> {
    if (target === undefined || !(await this.mayRun()) || !(await saved(target.document))) return;
    const uri = target.document.uri;
    const program = await reported(this.server.ask<Program>('flowc/program', { uri: uri.toString() }));
    const flow = program && (await chosen(program, target.name));
    if (flow === undefined) return;
    const key = `inputs ${uri.toString()} ${flow.name}`;
    const inputs = await asked(flow, this.context.workspaceState.get<Record<string, unknown>>(key, {}));
    if (inputs === undefined) return;
    // What is private is not written down by the editor.
    const known = Object.entries(inputs).filter(([name]) => !flow.inputs.some((i) => i.name === name && i.private));
    await this.context.workspaceState.update(key, Object.fromEntries(known));
    this.start(uri, flow.name, inputs);
  }

  /** Runs with the same inputs again. */
  async again(item: unknown): Promise<void> {
    if (!isRun(item) || !(await this.mayRun())) return;
    const document = await vscode.workspace.openTextDocument(item.uri);
    if (await saved(document)) this.start(item.uri, item.flow, item.inputs);
  }

  /** Ends what runs, as Ctrl-C does: what was recorded can be resumed. */
  stop(): void {
    for (const child of this.active.values()) child.kill('SIGINT');
  }

  async showResult(item: unknown): Promise<void> {
    if (!isRun(item)) return;
    const { output, error, flow } = item.progress;
    const isText = typeof output === 'string';
    this.results.set(String(item.started), isText ? output : JSON.stringify(output ?? { error }, null, 2));
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `${flow} result.${isText ? 'txt' : 'json'}`, query: String(item.started) });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.window.showTextDocument(document, { preview: true, viewColumn: vscode.ViewColumn.Beside });
  }

  dispose(): void {
    this.stop();
    this.disposables.forEach((d) => d.dispose());
  }

  private async mayRun(): Promise<boolean> {
    if (vscode.workspace.isTrusted) return true;
    const manage = 'Manage trust';
    const says = 'Flow: a program calls models and acts. It is run in trusted workspaces alone.';
    if ((await vscode.window.showWarningMessage(says, manage)) === manage) {
      await vscode.commands.executeCommand('workbench.trust.manage');
    }
    return false;
  }

  private start(uri: vscode.Uri, flow: string, inputs: Record<string, unknown>): void {
    const run: Run = { uri, flow, inputs, started: Date.now(), progress: begun(flow) };
    const file = path.basename(uri.fsPath);
    const args = ['run', file, '--flow', flow, '--input', '-', '--events', '-', '--quiet', '--format', 'json', ...profile(uri)];
    const flowc = command();
    this.output.info(`> ${flowc} ${args.join(' ')}`);
    const child = spawn(flowc, args, { cwd: path.dirname(uri.fsPath), stdio: 'pipe' });
    this.active.set(run, child);
    this.shown();
    this.view.add(run);
    this.heard(run, child);
    child.stdin.on('error', () => undefined); // Where it ends before it reads, it says why itself.
    child.stdin.end(JSON.stringify(inputs));
  }

  private heard(run: Run, child: ChildProcess): void {
    const { progress } = run;
    let answer = '';
    const errors: string[] = [];
    child.stdout?.setEncoding('utf8').on('data', (piece: string) => (answer += piece));
    const lines = child.stderr && readline.createInterface({ input: child.stderr });
    lines?.on('line', (line) => {
      const event = parse(line);
      if (event) {
        happened(progress, event);
        this.view.refresh();
      } else if (line.trim() !== '') {
        errors.push(line);
        this.output.info(line);
      }
    });
    child.on('error', (error) => errors.push(`flowc does not start: ${error.message}`));
    child.on('close', () => {
      // A program with errors has no events; its answer says what is wrong.
      if (progress.status === 'running') lost(progress, failure(answer) ?? errors[0] ?? 'the run was cut off');
      this.output.info(`${run.flow}: ${progress.status}${progress.error === undefined ? '' : `, ${progress.error}`}`);
      this.active.delete(run);
      this.shown();
      this.view.refresh();
    });
  }

  private shown(): void {
    void vscode.commands.executeCommand('setContext', 'flowc.isRunning', this.active.size > 0);
  }

  private async open(uri: vscode.Uri, flow: string, step: string): Promise<void> {
    const graph = await reported(this.server.ask<Graph>('flowc/graph', { uri: uri.toString(), flow, labels: false }));
    // `pages[2].draft` is written once for all pages.
    const plain = step.replace(/\[\d+\]/g, '');
    const at = graph?.names[plain] ?? graph?.names[plain.split('.')[0] ?? ''];
    if (at === undefined) return;
    const { start, end } = at.range;
    const selection = new vscode.Range(start.line, start.character, end.line, end.character);
    await vscode.window.showTextDocument(vscode.Uri.parse(at.uri), { selection, preserveFocus: true });
  }
}

/** The answer, or nothing once the reason why there is none was shown. */
async function reported<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    void vscode.window.showErrorMessage(`Flow: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function chosen(program: Program, name: string | undefined): Promise<Declared | undefined> {
  if (program.flows.length === 0) {
    void vscode.window.showErrorMessage('Flow: there is no flow in this file.');
    return undefined;
  }
  const named = program.flows.find((f) => f.name === name);
  if (named || program.flows.length === 1) return named ?? program.flows[0];
  const items = program.flows.map((flow) => ({ label: flow.name, detail: flow.doc, flow }));
  return (await vscode.window.showQuickPick(items, { title: 'Which flow?' }))?.flow;
}

function failure(answer: string): string | undefined {
  try {
    const { error, diagnostics } = JSON.parse(answer) as {
      error?: { code?: string; message?: string } | null;
      diagnostics?: { code: string; message: string }[];
    };
    const first = diagnostics?.[0] ?? error;
    return first ? `${first.code ?? ''}: ${first.message ?? ''}` : undefined;
  } catch {
    return undefined;
  }
}

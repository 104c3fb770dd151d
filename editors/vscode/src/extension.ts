// The extension's beginning and end: what is made once and handed around.

import * as vscode from 'vscode';
import { GraphPanel } from './graph.ts';
import { PreviewPanel } from './preview.ts';
import { RunView } from './runView.ts';
import { Runner } from './run.ts';
import { Server } from './server.ts';
import { Tests } from './tests.ts';
import { targetOf } from './target.ts';

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const output = vscode.window.createOutputChannel('Flow', { log: true });
  server = new Server(output);
  const view = new RunView();
  const runner = new Runner(context, server, view, output);
  const tests = new Tests(server, output);
  const graph = new GraphPanel(context, server);
  const preview = new PreviewPanel(context, server);

  const command = (id: string, run: (...args: unknown[]) => unknown): vscode.Disposable =>
    vscode.commands.registerCommand(id, run);
  context.subscriptions.push(
    output,
    server,
    view,
    runner,
    tests,
    graph,
    preview,
    command('flowc.run', async (uri, flow) => runner.run(await targetOf(uri, flow))),
    command('flowc.test', async (uri, test) => tests.run(await targetOf(uri, test))),
    command('flowc.graph', async (uri, flow) => graph.show(await targetOf(uri, flow))),
    command('flowc.preview', async (uri, prompt) => preview.show(await targetOf(uri, prompt))),
    command('flowc.stop', () => runner.stop()),
    command('flowc.restart', () => server?.restart()),
    command('flowc.output', () => output.show(true)),
    command('flowc.runs.clear', () => view.clear()),
    command('flowc.runs.again', (item) => runner.again(item)),
    command('flowc.runs.result', (item) => runner.showResult(item)),
  );
  await server.start();
}

export async function deactivate(): Promise<void> {
  await server?.stop();
}

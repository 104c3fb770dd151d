// The graph of a flow beside its text: drawn by the server, kept in step with what is typed.

import * as vscode from 'vscode';
import type { FromGraph, ToGraph } from './messages.ts';
import { Panel } from './panel.ts';
import type { Graph } from './protocol.ts';
import type { Server } from './server.ts';
import type { Target } from './target.ts';

/** From a change to a new picture, in milliseconds. */
const SOON = 120;

const BODY = `<header>
<select id="flow" aria-label="Flow"></select>
<span id="cost"></span>
<span class="space"></span>
<span class="tools">
<label><input type="checkbox" id="labels"> labels</label>
<button id="out" title="Smaller">−</button>
<button id="fit" title="As wide as the panel">fit</button>
<button id="in" title="Larger">+</button>
</span>
</header>
<p id="trouble" role="status" hidden></p>
<main id="picture" tabindex="0"></main>
<footer id="legend"></footer>`;

export class GraphPanel implements vscode.Disposable {
  private readonly panel: Panel<ToGraph, FromGraph>;
  private readonly disposables: vscode.Disposable[];
  private readonly server: Server;
  private uri: vscode.Uri | undefined;
  private flow: string | undefined;
  private drawn: Graph | undefined;
  private pending: NodeJS.Timeout | undefined;

  constructor(context: vscode.ExtensionContext, server: Server) {
    this.server = server;
    const kind = { id: 'flowc.graph', title: 'Graph', script: 'graph', body: BODY };
    this.panel = new Panel(context, kind, (message) => void this.heard(message));
    this.disposables = [
      this.panel,
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.soon(document)),
      vscode.workspace.onDidSaveTextDocument((document) => this.soon(document)),
    ];
  }

  show(target: Target | undefined): void {
    if (target === undefined) return;
    this.uri = target.document.uri;
    this.flow = target.name;
    const wasOpen = this.panel.isOpen;
    this.panel.open();
    if (wasOpen) void this.draw();
  }

  dispose(): void {
    clearTimeout(this.pending);
    this.disposables.forEach((d) => d.dispose());
  }

  private soon(document: vscode.TextDocument): void {
    // A program's other files and its configuration count as well.
    if (!this.panel.isOpen || !/\.(flow|toml|md)$/.test(document.uri.path)) return;
    clearTimeout(this.pending);
    this.pending = setTimeout(() => void this.draw(), SOON);
  }

  private async draw(): Promise<void> {
    if (this.uri === undefined) return;
    const labels = vscode.workspace.getConfiguration('flowc').get<boolean>('graph.labels', true);
    try {
      const params = { uri: this.uri.toString(), ...(this.flow === undefined ? {} : { flow: this.flow }), labels };
      const graph = await this.server.ask<Graph>('flowc/graph', params);
      this.drawn = graph;
      this.flow = graph.flow;
      this.panel.title = `Graph: ${graph.flow}`;
      const { svg, flow, flows, cost, over } = graph;
      this.panel.tell({ type: 'graph', svg, flow, flows, cost, over, labels });
    } catch (error) {
      this.panel.tell({ type: 'trouble', message: error instanceof Error ? error.message : String(error) });
    }
  }

  private async heard(message: FromGraph): Promise<void> {
    switch (message.type) {
      case 'ready':
        return this.draw();
      case 'flow':
        this.flow = message.name;
        return this.draw();
      case 'labels':
        await vscode.workspace.getConfiguration('flowc').update('graph.labels', message.on, vscode.ConfigurationTarget.Global);
        return this.draw();
      case 'open':
        return this.goTo(message.step);
    }
  }

  private async goTo(step: string): Promise<void> {
    const at = this.drawn?.steps[step];
    if (at === undefined) return;
    const { start, end } = at.range;
    const uri = vscode.Uri.parse(at.uri);
    const column = vscode.window.visibleTextEditors.find((e) => e.document.uri.toString() === uri.toString())?.viewColumn;
    await vscode.window.showTextDocument(uri, {
      selection: new vscode.Range(start.line, start.character, end.line, end.character),
      viewColumn: column ?? vscode.ViewColumn.One,
    });
  }
}

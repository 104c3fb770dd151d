// A prompt as a model would read it, with sample values that can be changed, beside its text.

import * as vscode from 'vscode';
import type { FromPreview, ToPreview } from './messages.ts';
import { Panel } from './panel.ts';
import type { Rendered } from './protocol.ts';
import type { Server } from './server.ts';
import type { Target } from './target.ts';

/** From a change to a new text, in milliseconds. */
const SOON = 120;

const BODY = `<header>
<select id="prompt" aria-label="Prompt"></select>
<span id="about"></span>
</header>
<p id="trouble" role="status" hidden></p>
<section>
<label for="values">Values</label>
<textarea id="values" spellcheck="false" rows="6"></textarea>
<div class="row"><span id="types"></span><button id="sample">Sample values</button></div>
</section>
<main id="messages"></main>`;

export class PreviewPanel implements vscode.Disposable {
  private readonly panel: Panel<ToPreview, FromPreview>;
  private readonly disposables: vscode.Disposable[];
  private readonly server: Server;
  private uri: vscode.Uri | undefined;
  private prompt: string | undefined;
  /** What was typed for each prompt. */
  private readonly values = new Map<string, unknown>();
  private pending: NodeJS.Timeout | undefined;

  constructor(context: vscode.ExtensionContext, server: Server) {
    this.server = server;
    const kind = { id: 'flowc.preview', title: 'Prompt', script: 'preview', body: BODY };
    this.panel = new Panel(context, kind, (message) => void this.heard(message));
    this.disposables = [
      this.panel,
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.soon(document)),
      vscode.workspace.onDidSaveTextDocument((document) => this.soon(document)),
    ];
  }

  async show(target: Target | undefined): Promise<void> {
    if (target === undefined) return;
    this.uri = target.document.uri;
    this.prompt = target.name;
    const cursor = vscode.window.visibleTextEditors.find((e) => e.document === target.document)?.selection.active;
    this.panel.open();
    await this.render(cursor);
  }

  dispose(): void {
    clearTimeout(this.pending);
    this.disposables.forEach((d) => d.dispose());
  }

  private soon(document: vscode.TextDocument): void {
    if (!this.panel.isOpen || !/\.(flow|toml|md|jsonl)$/.test(document.uri.path)) return;
    clearTimeout(this.pending);
    this.pending = setTimeout(() => void this.render(), SOON);
  }

  private async render(cursor?: vscode.Position): Promise<void> {
    if (this.uri === undefined) return;
    const prompt = this.prompt === undefined ? {} : { prompt: this.prompt };
    const values = this.values.get(this.prompt ?? '');
    const at = cursor === undefined ? {} : { position: { line: cursor.line, character: cursor.character } };
    try {
      const params = { uri: this.uri.toString(), ...prompt, ...at, ...(values === undefined ? {} : { values }) };
      const rendered = await this.server.ask<Rendered>('flowc/prompt', params);
      this.prompt = rendered.prompt;
      this.panel.title = `Prompt: ${rendered.prompt}`;
      this.panel.tell({ type: 'prompt', rendered });
    } catch (error) {
      this.panel.tell({ type: 'trouble', message: error instanceof Error ? error.message : String(error) });
    }
  }

  private async heard(message: FromPreview): Promise<void> {
    const key = this.prompt ?? '';
    switch (message.type) {
      case 'ready':
        break;
      case 'prompt':
        this.prompt = message.name;
        break;
      case 'sample':
        this.values.delete(key);
        break;
      case 'values':
        try {
          this.values.set(key, JSON.parse(message.text) as unknown);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          return this.panel.tell({ type: 'trouble', message: `the values are not valid JSON yet: ${why}` });
        }
    }
    return this.render();
  }
}

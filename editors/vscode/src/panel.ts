// A panel beside the text: one webview, closed to everything but the extension's own script and style.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export interface Kind {
  readonly id: string;
  readonly title: string;
  /** The name of its script and style in `dist/`. */
  readonly script: string;
  readonly body: string;
}

export class Panel<To, From extends { readonly type: string }> implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private readonly context: vscode.ExtensionContext;
  private readonly kind: Kind;
  private readonly heard: (message: From) => void;

  constructor(context: vscode.ExtensionContext, kind: Kind, heard: (message: From) => void) {
    [this.context, this.kind, this.heard] = [context, kind, heard];
  }

  get isOpen(): boolean {
    return this.panel !== undefined;
  }

  /** Opens it beside the text, or brings it to the front. Its script says `ready` when it listens. */
  open(): void {
    if (this.panel) return this.panel.reveal(undefined, true);
    const dist = vscode.Uri.joinPath(this.context.extensionUri, 'dist');
    const where = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    const panel = vscode.window.createWebviewPanel(this.kind.id, this.kind.title, where, {
      enableScripts: true,
      localResourceRoots: [dist],
    });
    panel.iconPath = vscode.Uri.joinPath(this.context.extensionUri, 'media', 'file.svg');
    panel.webview.onDidReceiveMessage((message: From) => this.heard(message));
    panel.onDidDispose(() => (this.panel = undefined));
    this.panel = panel;
    panel.webview.html = this.page(panel.webview, dist);
  }

  tell(message: To): void {
    void this.panel?.webview.postMessage(message);
  }

  set title(title: string) {
    if (this.panel) this.panel.title = title;
  }

  dispose(): void {
    this.panel?.dispose();
  }

  private page(webview: vscode.Webview, dist: vscode.Uri): string {
    const nonce = randomBytes(16).toString('base64');
    const file = (name: string): vscode.Uri => webview.asWebviewUri(vscode.Uri.joinPath(dist, name));
    const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}'`;
    return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${this.kind.title}</title>
<link rel="stylesheet" href="${file(`${this.kind.script}.css`).toString()}">
</head>
<body>
${this.kind.body}
<script nonce="${nonce}" src="${file(`${this.kind.script}.js`).toString()}"></script>
</body>
</html>`;
  }
}

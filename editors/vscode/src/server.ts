// The language server: started, restarted, and asked for what the protocol has no words for.

import * as vscode from 'vscode';
import { ErrorCodes, LanguageClient, ResponseError, State, type LanguageClientOptions, type ServerOptions } from 'vscode-languageclient/node';
import { Trouble, command, version } from './flowc.ts';

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private starting: Promise<void> = Promise.resolve();
  private readonly status = vscode.languages.createLanguageStatusItem('flowc.server', { language: 'flowc' });
  private readonly trace: vscode.LogOutputChannel;
  private readonly disposables: vscode.Disposable[] = [];
  private readonly output: vscode.LogOutputChannel;

  constructor(output: vscode.LogOutputChannel) {
    this.output = output;
    this.trace = vscode.window.createOutputChannel('Flow (trace)', { log: true });
    this.status.name = 'Flow';
    this.disposables.push(
      this.status,
      this.trace,
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('flowc.path')) void this.restart();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.restart()),
    );
  }

  /** The version of flowc that serves; nothing while none does. */
  version: string | undefined;

  start(): Promise<void> {
    this.starting = this.starting.then(() => this.begin());
    return this.starting;
  }

  restart(): Promise<void> {
    this.starting = this.starting.then(async () => {
      await this.end();
      await this.begin();
    });
    return this.starting;
  }

  stop(): Promise<void> {
    this.starting = this.starting.then(() => this.end());
    return this.starting;
  }

  /** Asks the server. Throws what it answers where it can't. */
  async ask<T>(method: string, params: object): Promise<T> {
    await this.starting;
    const client = this.client;
    if (client?.state !== State.Running) throw new Trouble('flowc lsp is not running: see the output channel Flow.');
    try {
      return await client.sendRequest<T>(method, params);
    } catch (error) {
      if (error instanceof ResponseError && error.code === ErrorCodes.MethodNotFound) {
        throw new Trouble(`flowc ${this.version ?? ''} is too old for this. Install a newer flowc, or set flowc.path to one.`);
      }
      throw error;
    }
  }

  dispose(): void {
    this.disposables.forEach((d) => d.dispose());
  }

  private async begin(): Promise<void> {
    const flowc = command();
    this.shown('starting', 'flowc is starting', vscode.LanguageStatusSeverity.Information, true);
    try {
      this.version = await version(flowc);
    } catch (error) {
      this.failed(error);
      return;
    }
    this.output.info(`flowc ${this.version}: ${flowc} lsp`);
    const run = { command: flowc, args: ['lsp'] };
    const server: ServerOptions = { run, debug: run };
    const client = new LanguageClient('flowc', 'Flow', server, this.options());
    client.onDidChangeState(({ newState }) => {
      if (this.client !== client) return;
      if (newState === State.Running) this.running(flowc);
      if (newState === State.Stopped) this.shown('stopped', 'flowc lsp has ended', vscode.LanguageStatusSeverity.Error, false);
    });
    this.client = client;
    try {
      await client.start();
    } catch (error) {
      this.client = undefined;
      this.failed(error);
    }
  }

  private async end(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.version = undefined;
    if (client === undefined) return;
    try {
      await client.dispose(2_000);
    } catch (error) {
      this.output.info(`flowc lsp did not end in order: ${String(error)}`);
    }
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: [
        { scheme: 'file', language: 'flowc' },
      ],
      outputChannel: this.output,
      traceOutputChannel: this.trace,
      // The commands of lenses are this extension's.
      initializationOptions: { commands: true },
    };
  }

  private running(flowc: string): void {
    this.shown(`flowc ${this.version ?? ''}`, flowc, vscode.LanguageStatusSeverity.Information, false);
  }

  private failed(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.output.error(message);
    this.shown('flowc is missing', message, vscode.LanguageStatusSeverity.Error, false);
    const settings = 'Open the setting';
    const again = 'Try again';
    void vscode.window.showErrorMessage(`Flow: ${message}`, settings, again).then((choice) => {
      if (choice === settings) void vscode.commands.executeCommand('workbench.action.openSettings', 'flowc.path');
      if (choice === again) void this.restart();
    });
  }

  private shown(text: string, detail: string, severity: vscode.LanguageStatusSeverity, busy: boolean): void {
    this.status.text = text;
    this.status.detail = detail;
    this.status.severity = severity;
    this.status.busy = busy;
    this.status.command = { title: 'Restart', command: 'flowc.restart' };
  }
}

// A real VS Code with the extension in it: code-server, looked at through Chromium.

import assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { chromium, type Browser, type FrameLocator, type Page } from 'playwright-core';

export interface Options {
  readonly codeServer: string;
  readonly chromium: string;
  readonly vsix: string;
  /** Where pictures and logs go. */
  readonly out: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string>>;
}

/** How long what is slow on a busy machine may take, in milliseconds. */
export const SLOW = 60_000;

export class VsCode {
  page!: Page;
  private readonly folder = mkdtempSync(path.join(os.tmpdir(), 'flow-vscode-'));
  /** The folder that is open. */
  readonly workspace = path.join(this.folder, 'workspace');
  private readonly options: Options;
  private server: ChildProcess | undefined;
  private browser: Browser | undefined;
  private log = '';
  private readonly console: string[] = [];
  private pictures = 0;

  constructor(options: Options) {
    this.options = options;
    mkdirSync(this.workspace);
    mkdirSync(options.out, { recursive: true });
  }

  /** Installs the extension, opens the folder with a file in front. */
  async open(file: string): Promise<void> {
    this.configure(this.options.settings);
    const data = (name: string): string => path.join(this.folder, name);
    const base = ['--user-data-dir', data('data'), '--extensions-dir', data('extensions'), '--config', data('config.yaml')];
    const env = { ...process.env, HOME: this.folder, XDG_CONFIG_HOME: data('config'), XDG_DATA_HOME: data('share'), XDG_CACHE_HOME: data('cache'), ...this.options.env };
    execFileSync(this.options.codeServer, [...base, '--install-extension', this.options.vsix], { env, stdio: 'pipe' });
    const port = await freePort();
    const quiet = ['--disable-telemetry', '--disable-update-check', '--disable-workspace-trust', '--disable-getting-started-override'];
    const server = spawn(this.options.codeServer, [...base, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, ...quiet, this.workspace], { env });
    this.server = server;
    server.stdout.on('data', (piece: Buffer) => (this.log += piece.toString()));
    server.stderr.on('data', (piece: Buffer) => (this.log += piece.toString()));
    await this.answers(`http://127.0.0.1:${port}/healthz`);

    this.browser = await chromium.launch({ executablePath: this.options.chromium, args: ['--no-sandbox', '--disable-gpu'] });
    const context = await this.browser.newContext({ viewport: { width: 1400, height: 900 } });
    this.page = await context.newPage();
    this.page.setDefaultTimeout(SLOW);
    this.page.on('console', (message) => this.console.push(`${message.type()} ${message.text()}`));
    const payload = encodeURIComponent(JSON.stringify([['openFile', `vscode-remote://127.0.0.1:${port}${this.workspace}/${file}`]]));
    await this.page.goto(`http://127.0.0.1:${port}/?folder=${encodeURIComponent(this.workspace)}&payload=${payload}`);
    await this.page.waitForSelector('.monaco-editor .view-line');
  }

  /** Writes the machine's settings, which VS Code reads again at once. Where a command is belongs to the machine that has it. */
  configure(settings: Readonly<Record<string, unknown>>): void {
    for (const [of, values] of [['User', PLAIN], ['Machine', settings]] as const) {
      const folder = path.join(this.folder, 'data', of);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(values));
    }
  }

  /** Keeps a picture of how it looks now. */
  async picture(name: string): Promise<void> {
    this.pictures += 1;
    const file = `${String(this.pictures).padStart(2, '0')}-${name.replace(/[^a-z]+/gi, '-').slice(0, 60)}.png`;
    await this.page.screenshot({ path: path.join(this.options.out, file) });
  }

  /** Puts the cursor behind the first place where the text stands, `further` characters on. */
  async goTo(text: string, what: string, further = what.length): Promise<void> {
    const at = text.indexOf(what);
    assert.ok(at >= 0, `the program has ${what}`);
    const before = text.slice(0, at + further).split('\n');
    await this.until(async () => {
      await this.front();
      await this.page.keyboard.press('Control+g');
      await this.page.waitForSelector('.quick-input-widget:visible', { timeout: 2_000 });
    });
    await this.page.keyboard.type(`${before.length}:${(before.at(-1) ?? '').length + 1}`);
    await this.page.keyboard.press('Enter');
    await this.page.waitForSelector('.quick-input-widget', { state: 'hidden' });
    await this.until(async () => {
      const place = (await this.page.locator('.statusbar').textContent()) ?? '';
      assert.match(place, new RegExp(`Ln ${before.length}, Col ${(before.at(-1) ?? '').length + 1}\\b`));
    });
    await this.page.waitForSelector('.monaco-editor.focused');
  }

  /** Takes back everything that was typed since the file was read. */
  async undo(): Promise<void> {
    await this.front();
    await this.until(async () => {
      await this.page.keyboard.press('Control+z');
      assert.equal(await this.page.locator('.tab.dirty').count(), 0, 'what was typed is not taken back');
    });
  }

  /** Gives the keyboard to the first group's editor. A panel passes its keys on when it comes to it. */
  async front(): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.until(async () => {
      await this.page.keyboard.press('Control+1');
      await this.page.waitForSelector('.monaco-editor.focused', { timeout: 2_000 });
    });
  }

  /** Runs a command by its name in the palette. */
  async command(name: string): Promise<void> {
    await this.page.keyboard.press('F1');
    await this.page.waitForSelector('.quick-input-widget:visible');
    await this.page.keyboard.type(name);
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first();
    await row.waitFor();
    await row.click();
  }

  /** Presses a key and tells how many milliseconds later a squiggle under an error is there, or is gone. Measured in the page. */
  async squiggleAfter(key: string, wanted: boolean): Promise<number> {
    // It listens before the key is pressed.
    const measured = await this.page.evaluateHandle(
      ([isWanted, most]) => {
        const after = new Promise<number>((resolve, reject) => {
          let pressed: number | undefined;
          document.addEventListener('keydown', () => (pressed ??= performance.now()), { capture: true, once: true });
          const started = performance.now();
          const look = (): void => {
            const is = document.querySelector('.monaco-editor .squiggly-error') !== null;
            if (pressed !== undefined && is === isWanted) resolve(performance.now() - pressed);
            else if (performance.now() - started > most) reject(new Error(`the squiggle is still ${isWanted ? 'missing' : 'there'}`));
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        });
        return { after };
      },
      [wanted, SLOW / 2] as const,
    );
    await this.page.keyboard.press(key);
    return measured.evaluate(({ after }) => after);
  }

  /** What the lenses say, from top to bottom. */
  async lenses(): Promise<string[]> {
    const all = await this.page.$$eval('.codelens-decoration', (found) => found.map((e) => [e.getBoundingClientRect().top, e.textContent ?? ''] as const));
    return all.sort((a, b) => a[0] - b[0]).map(([, text]) => text.replace(/\u00a0/g, ' '));
  }

  /** The page of a panel. */
  panel(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').last().frameLocator('iframe#active-frame');
  }

  /** Tries until it holds; the last failure is the test's. */
  async until(holds: () => Promise<void>, most = SLOW / 2): Promise<void> {
    const end = Date.now() + most;
    for (;;) {
      try {
        return await holds();
      } catch (error) {
        if (Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  async close(): Promise<void> {
    await this.browser?.close();
    const server = this.server;
    if (server && server.exitCode === null) {
      const gone = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5_000))]);
      if (server.exitCode === null) server.kill('SIGKILL');
    }
    writeFileSync(path.join(this.options.out, 'server.log'), this.log);
    cpSync(path.join(this.folder, 'data', 'logs'), path.join(this.options.out, 'logs'), { recursive: true });
    writeFileSync(path.join(this.options.out, 'console.log'), this.console.join('\n'));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }

  private async answers(url: string): Promise<void> {
    await this.until(async () => {
      assert.equal(this.server?.exitCode, null, `code-server has ended:\n${this.log}`);
      const answer = await fetch(url).catch(() => undefined);
      assert.ok(answer?.ok, `code-server does not answer:\n${this.log}`);
    });
  }
}

/** Nothing that moves, asks or updates. */
const PLAIN = {
  'chat.disableAIFeatures': true,
  'editor.minimap.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'files.autoSave': 'off',
  'remote.autoForwardPorts': false,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'update.mode': 'none',
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.reduceMotion': 'on',
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
};

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

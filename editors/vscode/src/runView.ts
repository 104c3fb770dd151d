// The view Runs: a tree of what has run and of what runs, newest first.

import * as vscode from 'vscode';
import { dollars, figures, seconds, standing, type Progress, type Status, type Step } from './progress.ts';

/** A run in the view. */
export interface Run {
  readonly uri: vscode.Uri;
  readonly flow: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly started: number;
  readonly progress: Progress;
}

interface StepItem {
  readonly run: Run;
  readonly step: Step;
}

interface NoteItem {
  readonly run: Run;
  readonly note: string;
  readonly icon: vscode.ThemeIcon;
  readonly command?: vscode.Command;
}

export type Item = Run | StepItem | NoteItem;

export class RunView implements vscode.TreeDataProvider<Item>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<Item | undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly tree: vscode.TreeView<Item>;
  private runs: Run[] = [];
  private pending: NodeJS.Timeout | undefined;
  private clock: NodeJS.Timeout | undefined;

  constructor() {
    this.tree = vscode.window.createTreeView('flowc.runs', { treeDataProvider: this, showCollapseAll: true });
  }

  /** Puts a run on top and shows the view. */
  add(run: Run): void {
    const keep = vscode.workspace.getConfiguration('flowc').get<number>('runs.keep', 10);
    this.runs = [run, ...this.runs].slice(0, keep);
    this.changed.fire(undefined);
    // Seconds go on between events.
    this.clock ??= setInterval(() => this.refresh(), 500);
    void this.tree.reveal(run, { expand: 2, focus: false, select: false });
  }

  /** Draws again soon: events come by the hundred. */
  refresh(): void {
    this.pending ??= setTimeout(() => {
      this.pending = undefined;
      if (!this.runs.some(isActive)) {
        clearInterval(this.clock);
        this.clock = undefined;
      }
      this.changed.fire(undefined);
    }, 50);
  }

  clear(): void {
    this.runs = this.runs.filter(isActive);
    this.changed.fire(undefined);
  }

  getChildren(item?: Item): Item[] {
    if (item === undefined) return this.runs;
    if ('note' in item) return [];
    if ('step' in item) return [...notesOf(item), ...item.step.children.map((step) => ({ run: item.run, step }))];
    return [...item.progress.steps.map((step) => ({ run: item, step })), ...endOf(item)];
  }

  getParent(item: Item): Item | undefined {
    return 'progress' in item ? undefined : item.run;
  }

  getTreeItem(item: Item): vscode.TreeItem {
    if ('note' in item) return noteItem(item);
    return 'step' in item ? stepItem(item) : runItem(item);
  }

  dispose(): void {
    clearTimeout(this.pending);
    clearInterval(this.clock);
    this.tree.dispose();
    this.changed.dispose();
  }
}

export function isRun(item: unknown): item is Run {
  return typeof item === 'object' && item !== null && 'progress' in item;
}

function isActive(run: Run): boolean {
  return run.progress.status === 'running';
}

function runItem(run: Run): vscode.TreeItem {
  const { progress } = run;
  const item = new vscode.TreeItem(progress.flow, vscode.TreeItemCollapsibleState.Expanded);
  item.id = String(run.started);
  const shown = figures({ ...progress, ms: progress.ms ?? Date.now() - run.started });
  const calls = progress.calls === 1 ? '1 call' : `${progress.calls} calls`;
  item.description = [isActive(run) ? 'running' : progress.status, shown, progress.calls > 0 ? calls : ''].filter((p) => p !== '').join(' · ');
  item.iconPath = icon(progress.status, '');
  item.contextValue = isActive(run) ? 'run.active' : 'run.ended';
  const inputs = Object.keys(run.inputs).length === 0 ? '' : `\n\nInputs: ${Object.keys(run.inputs).join(', ')}`;
  item.tooltip = `${progress.flow} in ${vscode.workspace.asRelativePath(run.uri)}, at ${new Date(run.started).toLocaleTimeString()}${progress.id === undefined ? '' : `\nflowc trace ${progress.id}`}${inputs}`;
  return item;
}

function stepItem({ run, step }: StepItem): vscode.TreeItem {
  const has = step.children.length > 0 || notesOf({ run, step }).length > 0;
  const state = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(step.name, has ? state.Expanded : state.None);
  item.id = `${run.started} ${step.path}`;
  const status = standing(step);
  const ms = step.ms ?? (status === 'running' ? Math.max(0, Date.now() - run.started - step.startedMs) : undefined);
  const tries = step.attempts > 1 ? `${step.attempts} attempts` : '';
  const said = status === 'ok' || status === 'running' ? '' : status;
  item.description = [said, figures({ ...step, ms }), step.model ?? step.kind, tries].filter((p) => p !== '').join(' · ');
  item.iconPath = icon(status, step.kind);
  item.tooltip = tooltip(run, step, status);
  item.command = { title: 'Go to the step', command: 'flowc.runs.open', arguments: [run.uri, run.flow, step.path] };
  item.accessibilityInformation = { label: `${step.name}, ${status}, ${item.description}` };
  return item;
}

function noteItem(note: NoteItem): vscode.TreeItem {
  const item = new vscode.TreeItem(note.note.split('\n')[0] ?? '', vscode.TreeItemCollapsibleState.None);
  item.iconPath = note.icon;
  item.tooltip = note.note;
  if (note.command) item.command = note.command;
  return item;
}

function notesOf({ run, step }: StepItem): NoteItem[] {
  const notes: NoteItem[] = step.notes.map((note) => ({ run, note, icon: new vscode.ThemeIcon('info') }));
  if (step.error !== undefined) notes.unshift({ run, note: step.error, icon: failed() });
  return notes;
}

function endOf(run: Run): NoteItem[] {
  const { progress } = run;
  const out: NoteItem[] = progress.notes.map((note) => ({ run, note, icon: new vscode.ThemeIcon('info') }));
  if (progress.error !== undefined && !isTold(progress.error, progress.steps)) {
    out.push({ run, note: progress.error, icon: failed(), command: { title: 'Show the output', command: 'flowc.output' } });
  }
  if (progress.error === undefined && progress.output !== undefined) {
    const shown = typeof progress.output === 'string' ? progress.output : JSON.stringify(progress.output);
    const command = { title: 'Show the result', command: 'flowc.runs.result', arguments: [run] };
    out.push({ run, note: shown, icon: new vscode.ThemeIcon('output'), command });
  }
  return out;
}

/** Whether a step says it already. */
function isTold(error: string, steps: readonly Step[]): boolean {
  return steps.some((step) => step.error === error || isTold(error, step.children));
}

function tooltip(run: Run, step: Step, status: Status): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendMarkdown(`**${escaped(step.path)}** ${step.kind}, ${status}\n\n`);
  const rows: [string, string][] = [
    ['model', step.model ?? ''],
    ['tokens in, out', step.inputTokens + step.outputTokens > 0 ? `${step.inputTokens}, ${step.outputTokens}` : ''],
    ['money', step.inputTokens > 0 ? dollars(step.usd) : ''],
    ['time', step.ms === undefined ? '' : seconds(step.ms)],
    ['began', `${seconds(step.startedMs)} after the run`],
  ];
  for (const [name, value] of rows.filter(([, v]) => v !== '')) text.appendMarkdown(`- ${name}: ${escaped(value)}\n`);
  if (step.text !== '') text.appendCodeblock(step.text, 'text');
  if (run.progress.id !== undefined) text.appendMarkdown(`\nRun ${run.progress.id}`);
  return text;
}

function icon(status: Status, kind: string): vscode.ThemeIcon {
  const colour = (name: string): vscode.ThemeColor => new vscode.ThemeColor(name);
  switch (status) {
    case 'running': return new vscode.ThemeIcon('loading~spin');
    case 'ok': return new vscode.ThemeIcon(kind === 'guard' ? 'shield' : 'pass', colour('testing.iconPassed'));
    case 'cached': return new vscode.ThemeIcon('database', colour('testing.iconPassed'));
    case 'skipped': return new vscode.ThemeIcon('debug-step-over', colour('testing.iconSkipped'));
    case 'waiting': return new vscode.ThemeIcon('person', colour('testing.iconQueued'));
    case 'stopped': return new vscode.ThemeIcon('circle-slash', colour('testing.iconQueued'));
    case 'interrupted': return new vscode.ThemeIcon('debug-pause', colour('testing.iconQueued'));
    case 'failed': return failed();
  }
}

function failed(): vscode.ThemeIcon {
  return new vscode.ThemeIcon('error', new vscode.ThemeColor('testing.iconFailed'));
}

function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!|<>]/g, '\\$&');
}

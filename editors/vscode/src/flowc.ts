// The command `flowc`: where it is, whether it is new enough, and how it is started.

import * as os from 'node:os';
import * as path from 'node:path';
import { execFile } from 'node:child_process';
import * as vscode from 'vscode';

/** The oldest version that has all that this extension asks for. */
export const OLDEST = '0.1.0';

export class Trouble extends Error {}

/** The command by the setting `flowc.path`, else the one on the PATH. */
export function command(): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath;
  const set = vscode.workspace.getConfiguration('flowc').get<string>('path', '').trim();
  return located(set, folder);
}

/** What a setting means: `~` is the home folder, and what has a slash begins at the folder. */
export function located(set: string, folder: string | undefined): string {
  if (set === '') return 'flowc';
  if (set === '~' || set.startsWith('~/') || set.startsWith('~\\')) return path.join(os.homedir(), set.slice(1));
  const isPath = set.includes('/') || set.includes('\\');
  return isPath && !path.isAbsolute(set) && folder !== undefined ? path.join(folder, set) : set;
}

/** The arguments that choose a profile for a document, as it is set. */
export function profile(uri: vscode.Uri): string[] {
  const set = vscode.workspace.getConfiguration('flowc', uri).get<string>('profile', '').trim();
  return set === '' ? [] : ['--profile', set];
}

/** The version of the command. Throws a Trouble that says what to do. */
export async function version(flowc: string): Promise<string> {
  const answer = await said(flowc);
  const found = /^flowc\S* (\d+)\.(\d+)\.(\d+)/.exec(answer);
  if (found === null) {
    const line = answer.split('\n')[0] ?? '';
    throw new Trouble(`${flowc} is not flowc: to --version it says "${line}". Set flowc.path to where flowc is.`);
  }
  const [, ...parts] = found;
  const has = parts.join('.');
  if (isOlder(has, OLDEST)) {
    throw new Trouble(`${flowc} is version ${has}, and this extension needs ${OLDEST} or later. Install a newer flowc, or set flowc.path to one.`);
  }
  return has;
}

export function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((v) => v.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (left?.[i] ?? 0) - (right?.[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function said(flowc: string): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(flowc, ['--version'], { timeout: 10_000 }, (error, stdout) => {
      if (error === null) return resolve(stdout.trim());
      const code = (error as NodeJS.ErrnoException).code;
      reject(new Trouble(notStarted(flowc, code, error.message)));
    });
  });
}

function notStarted(flowc: string, code: string | number | undefined, message: string): string {
  const isNamed = flowc === 'flowc';
  if (code === 'ENOENT') {
    return isNamed
      ? 'flowc is not on the PATH. Install it, or set flowc.path to where it is.'
      : `There is no ${flowc}. Correct the setting flowc.path, or empty it to use the flowc on the PATH.`;
  }
  if (code === 'EACCES') return `${flowc} may not be executed. Correct the setting flowc.path, or make the file executable.`;
  return `${flowc} does not start: ${message.trim()}. Set flowc.path to one that does.`;
}

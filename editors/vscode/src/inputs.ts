// Asks for a flow's inputs, each by its type.

import * as vscode from 'vscode';
import type { Declared, Input } from './protocol.ts';
import { mistake, typed } from './values.ts';

/** The inputs as a JSON object; nothing where the person went away. `last` are those of the time before. */
export async function asked(flow: Declared, last: Readonly<Record<string, unknown>>): Promise<Record<string, unknown> | undefined> {
  const values: Record<string, unknown> = {};
  for (const [i, input] of flow.inputs.entries()) {
    const title = `${flow.name}: ${input.name}${flow.inputs.length > 1 ? ` (${i + 1} of ${flow.inputs.length})` : ''}`;
    const answer = await one(title, input, last[input.name]);
    if (answer === undefined) return undefined;
    if (answer !== LEFT_OUT) values[input.name] = answer;
  }
  return values;
}

const LEFT_OUT = Symbol('left out');

async function one(title: string, input: Input, last: unknown): Promise<unknown> {
  const choices = input.kind === 'bool' ? ['true', 'false'] : input.variants;
  return choices === undefined ? box(title, input, last) : pick(title, input, choices);
}

async function pick(title: string, input: Input, choices: readonly string[]): Promise<unknown> {
  const items: vscode.QuickPickItem[] = choices.map((label) => ({ label }));
  if ('default' in input) items.unshift({ label: 'Leave out', description: shown(input.default) });
  const placeHolder = [input.type, input.doc].filter((p) => p !== '').join(', ');
  const choice = await vscode.window.showQuickPick(items, { title, placeHolder, ignoreFocusOut: true });
  if (choice === undefined) return undefined;
  if (choice.label === 'Leave out' && 'default' in input) return LEFT_OUT;
  return input.kind === 'bool' ? choice.label === 'true' : choice.label;
}

async function box(title: string, input: Input, last: unknown): Promise<unknown> {
  const mayBeEmpty = 'default' in input ? `; empty: ${shown(input.default)}` : '';
  const answer = await vscode.window.showInputBox({
    title,
    prompt: `${[input.type, input.doc].filter((p) => p !== '').join(', ')}${mayBeEmpty}`,
    value: last === undefined ? '' : shown(last),
    password: input.private,
    ignoreFocusOut: true,
    validateInput: (text) => mistake(input, text),
  });
  if (answer === undefined) return undefined;
  return answer === '' && 'default' in input ? LEFT_OUT : typed(input, answer);
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

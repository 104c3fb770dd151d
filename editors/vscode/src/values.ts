// What was typed, as a value of an input. Pure. `flowc` has the last word: it reads by the whole type.

import type { Input } from './protocol.ts';

type Typed = Pick<Input, 'kind' | 'type'> & { readonly default?: unknown };

/** The JSON of what was typed: text as it is; of all else, names, days and times need no quotes. */
export function typed(input: Typed, text: string): unknown {
  if (input.kind === 'text') return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** What is wrong with what was typed, as far as can be seen at once. */
export function mistake(input: Typed, text: string): string | undefined {
  if (text === '') return 'default' in input || input.kind === 'text' ? undefined : `${input.type} is needed`;
  if (input.kind === 'number' && Number.isNaN(Number(text))) return `${input.type} is a number`;
  if (input.kind === 'json' && /^[[{"]/.test(text.trim())) {
    try {
      JSON.parse(text);
    } catch (error) {
      return `not valid JSON yet: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

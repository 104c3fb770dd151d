// What `flowc lsp` answers beside the protocol: docs/editors.md describes these requests.

import type { Location, Range } from 'vscode-languageclient/node';

/** `flowc/program`: what a document declares. */
export interface Program {
  readonly flows: readonly Declared[];
  readonly prompts: readonly Named[];
  readonly tests: readonly Named[];
}

export interface Named {
  readonly name: string;
  readonly range: Range;
}

export interface Declared extends Named {
  readonly doc: string;
  readonly inputs: readonly Input[];
}

export interface Input {
  readonly name: string;
  /** As it is written: `text <= 300 tokens`. */
  readonly type: string;
  readonly doc: string;
  readonly kind: 'text' | 'number' | 'bool' | 'enum' | 'json';
  /** The names of an enum's variants. */
  readonly variants?: readonly string[];
  /** What it is where it is left out; absent where it can't be. */
  readonly default?: unknown;
  readonly private: boolean;
}

/** `flowc/graph`: a flow as a picture. */
export interface Graph {
  readonly flow: string;
  readonly flows: readonly string[];
  readonly svg: string;
  /** `worst $0.0031 of $0.02 · 4 calls · ≤ 16 s`. */
  readonly cost: string | null;
  /** Whether the flow is over its budget or deadline. */
  readonly over: boolean;
  /** Where each step is written, by its `data-step` in the picture. */
  readonly steps: Readonly<Record<string, Location>>;
  /** The same by its path in a run, without the numbers of rounds: `pages.draft`. */
  readonly names: Readonly<Record<string, Location>>;
}

/** `flowc/prompt`: a prompt as a model would read it. */
export interface Rendered {
  readonly prompt: string;
  readonly prompts: readonly string[];
  /** The step whose bounds and model it is shown with. */
  readonly step: string | null;
  readonly model: string | null;
  readonly inputs: readonly { readonly name: string; readonly type: string }[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly messages: readonly { readonly role: string; readonly text: string; readonly tokens: number }[];
  /** Of the whole request, with all that the provider is sent beside the messages. */
  readonly tokens: number | null;
  /** The most that a request of the step can hold. */
  readonly most: number | null;
  readonly cuts: readonly string[];
  /** Why it can't be rendered with these values. */
  readonly error: string | null;
}

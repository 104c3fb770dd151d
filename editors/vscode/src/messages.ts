// What the extension and its panels tell one another.

import type { Rendered } from './protocol.ts';

export type ToGraph =
  | { readonly type: 'graph'; readonly svg: string; readonly flow: string; readonly flows: readonly string[]; readonly cost: string | null; readonly over: boolean; readonly labels: boolean }
  | { readonly type: 'trouble'; readonly message: string };

export type FromGraph =
  | { readonly type: 'ready' }
  | { readonly type: 'open'; readonly step: string }
  | { readonly type: 'labels'; readonly on: boolean }
  | { readonly type: 'flow'; readonly name: string };

export type ToPreview =
  | { readonly type: 'prompt'; readonly rendered: Rendered }
  | { readonly type: 'trouble'; readonly message: string };

export type FromPreview =
  | { readonly type: 'ready' }
  | { readonly type: 'prompt'; readonly name: string }
  | { readonly type: 'values'; readonly text: string }
  | { readonly type: 'sample' };

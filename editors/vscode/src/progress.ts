// A run as its events tell it: pure, so that it can be tested without an editor.

/** One line of `flowc run --events`; docs/reference/events.md has all of them. */
export interface RunEvent {
  readonly event: string;
  readonly run: string;
  readonly step: string | null;
  readonly t_ms: number;
  readonly [more: string]: unknown;
}

export type Status = 'running' | 'ok' | 'cached' | 'skipped' | 'failed' | 'waiting' | 'stopped' | 'interrupted';

export interface Step {
  /** With the steps around it: `pages[2].draft`. */
  readonly path: string;
  /** The last part of the path. */
  readonly name: string;
  kind: string;
  status: Status;
  model: string | undefined;
  attempts: number;
  usd: number;
  inputTokens: number;
  outputTokens: number;
  startedMs: number;
  ms: number | undefined;
  /** What has come of the answer so far. */
  text: string;
  error: string | undefined;
  notes: string[];
  readonly children: Step[];
}

export interface Progress {
  id: string | undefined;
  flow: string;
  status: Status;
  ms: number | undefined;
  usd: number;
  calls: number;
  inputTokens: number;
  outputTokens: number;
  output: unknown;
  error: string | undefined;
  notes: string[];
  readonly steps: Step[];
}

/** The most characters of an answer under way that are kept. */
const KEPT = 2_000;

/** The code of a run that was stopped; it can be resumed. */
const INTERRUPTED = 'flow::E0812';

export function begun(flow: string): Progress {
  return {
    id: undefined, flow, status: 'running', ms: undefined, usd: 0, calls: 0, inputTokens: 0, outputTokens: 0,
    output: undefined, error: undefined, notes: [], steps: [],
  };
}

/** The event of a line; nothing where the line is no event. */
export function parse(line: string): RunEvent | undefined {
  if (!line.startsWith('{"event":')) return undefined;
  try {
    return JSON.parse(line) as RunEvent;
  } catch {
    return undefined;
  }
}

/** Takes one event in. Events of a later version that are not known change nothing. */
export function happened(run: Progress, event: RunEvent): void {
  run.id = event.run;
  const number = (key: string): number => (typeof event[key] === 'number' ? (event[key] as number) : 0);
  const text = (key: string): string | undefined => (typeof event[key] === 'string' ? (event[key] as string) : undefined);
  const step = event.step === null ? undefined : found(run, event.step, event.t_ms);
  switch (event.event) {
    case 'run_started':
      run.flow = text('flow') ?? run.flow;
      if (number('resumed_steps') > 0) run.notes.push(`${number('resumed_steps')} steps were recorded before`);
      break;
    case 'step_started':
      if (step) step.kind = text('kind') ?? '';
      break;
    case 'call_started':
      run.calls += 1;
      if (!step) break;
      step.model = text('model');
      step.attempts = Math.max(step.attempts, number('attempt'));
      if (event['restarts'] === true) step.text = '';
      for (const cut of list(event['cut'])) step.notes.push(cutNote(cut));
      break;
    case 'call_skipped':
      step?.notes.push(`${text('model') ?? 'a model'} was not asked: ${text('error') ?? ''}`);
      break;
    case 'token':
      if (step) step.text = (step.text + (text('text') ?? '')).slice(-KEPT);
      break;
    case 'call_finished':
      run.usd += number('usd');
      run.inputTokens += number('input_tokens');
      run.outputTokens += number('output_tokens');
      if (!step) break;
      step.usd += number('usd');
      step.inputTokens += number('input_tokens');
      step.outputTokens += number('output_tokens');
      if (text('error') !== undefined) step.notes.push(`attempt ${number('attempt')}: ${text('error') ?? ''}`);
      break;
    case 'review_waiting':
      if (!step) break;
      step.status = 'waiting';
      step.notes.push(`waits for ${text('by') ?? 'a person'}: flowc approve ${event.run} ${step.path}`);
      break;
    case 'warned':
      (step?.notes ?? run.notes).push(text('message') ?? '');
      break;
    case 'step_finished':
      if (step) ended(step, event, number, text);
      break;
    case 'run_finished':
      run.status = status(text('status'));
      run.output = event['output'];
      run.error = message(event['error']);
      if (run.error?.startsWith(INTERRUPTED) === true) {
        run.status = 'interrupted';
        settle(run.steps);
      }
      run.ms = number('ms');
      spent(run, event['spent']);
      break;
    default:
  }
}

/** The process is gone without a last event. */
export function lost(run: Progress, error: string): void {
  run.status = 'interrupted';
  run.error ??= error;
  settle(run.steps);
}

/** How a step stands. One that has no events of its own stands as those inside of it. */
export function standing(step: Step): Status {
  if (step.kind !== '' || step.children.length === 0) return step.status;
  const inner = step.children.map(standing);
  return (['running', 'failed', 'waiting', 'interrupted'] as const).find((s) => inner.includes(s)) ?? 'ok';
}

/** A line of figures: what is there of time, tokens and money. */
export function figures(of: { ms: number | undefined; inputTokens: number; outputTokens: number; usd: number }): string {
  const parts: string[] = [];
  if (of.ms !== undefined) parts.push(seconds(of.ms));
  const tokens = of.inputTokens + of.outputTokens;
  if (tokens > 0) parts.push(`${tokens.toLocaleString('en-US')} tok`);
  if (of.usd > 0) parts.push(dollars(of.usd));
  return parts.join(' · ');
}

export function seconds(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

/** Three figures that count, since a call may cost less than a cent's hundredth. */
export function dollars(usd: number): string {
  if (usd === 0) return '$0';
  return usd >= 1 ? `$${usd.toFixed(2)}` : `$${usd.toFixed(Math.min(9, 2 - Math.floor(Math.log10(usd))))}`;
}

function ended(step: Step, event: RunEvent, number: (key: string) => number, text: (key: string) => string | undefined): void {
  step.status = status(text('status'));
  step.model = text('model') ?? step.model;
  step.attempts = number('attempts');
  step.usd = number('usd');
  step.inputTokens = number('input_tokens');
  step.outputTokens = number('output_tokens');
  step.ms = number('ms');
  step.error = message(event['error']);
  const repaired = list(event['repaired']);
  if (repaired.length > 0) step.notes.push(`the answer was repaired: ${repaired.join(', ')}`);
  if (typeof event['similar'] === 'number') step.notes.push(`from the cache, for words that are ${event['similar']} alike`);
}

function spent(run: Progress, value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const of = value as Record<string, unknown>;
  const number = (key: string, before: number): number => (typeof of[key] === 'number' ? (of[key] as number) : before);
  run.usd = number('usd', run.usd);
  run.calls = number('calls', run.calls);
  run.inputTokens = number('input_tokens', run.inputTokens);
  run.outputTokens = number('output_tokens', run.outputTokens);
}

function found(run: Progress, path: string, at: number): Step {
  let siblings = run.steps;
  let step: Step | undefined;
  let whole = '';
  for (const part of path.split('.')) {
    whole = whole === '' ? part : `${whole}.${part}`;
    // `checked.else` is inside of `checked`, also where that has no event of its own yet.
    step = siblings.find((s) => s.path === whole);
    if (step === undefined) {
      step = fresh(whole, part, at);
      siblings.push(step);
    }
    siblings = step.children;
  }
  return step ?? fresh(path, path, at);
}

function fresh(path: string, name: string, at: number): Step {
  return {
    path, name, kind: '', status: 'running', model: undefined, attempts: 0, usd: 0, inputTokens: 0, outputTokens: 0,
    startedMs: at, ms: undefined, text: '', error: undefined, notes: [], children: [],
  };
}

function settle(steps: readonly Step[]): void {
  for (const step of steps) {
    if (step.status === 'running') step.status = 'interrupted';
    settle(step.children);
  }
}

const STATUSES: readonly string[] = ['ok', 'cached', 'skipped', 'failed', 'waiting', 'stopped'];

function status(text: string | undefined): Status {
  return text !== undefined && STATUSES.includes(text) ? (text as Status) : 'failed';
}

function message(error: unknown): string | undefined {
  if (typeof error === 'string') return error;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message: says } = error as { code?: unknown; message?: unknown };
  return [code, says].filter((part) => typeof part === 'string').join(': ');
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function cutNote(cut: unknown): string {
  const { what, most_tokens: most, bytes } = cut as { what?: unknown; most_tokens?: unknown; bytes?: unknown };
  return `${String(what)} was cut at ${String(most)} tokens: ${String(bytes)} bytes were left out`;
}

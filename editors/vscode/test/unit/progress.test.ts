// What the view of a run is made from, fed with lines as `flowc run --events` writes them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { begun, dollars, figures, happened, lost, parse, standing, type Progress } from '../../src/progress.ts';

function told(...lines: object[]): Progress {
  const run = begun('support');
  for (const line of lines) {
    const event = parse(JSON.stringify({ event: '', run: 'r1', step: null, t_ms: 1, ...line }));
    assert.ok(event, 'a line of events is understood');
    happened(run, event);
  }
  return run;
}

test('steps stand inside of those around them', () => {
  const run = told(
    { event: 'step_started', step: 'pages', kind: 'each' },
    { event: 'step_started', step: 'pages[0].draft', kind: 'prompt' },
    { event: 'step_started', step: 'pages[1].draft', kind: 'prompt' },
    { event: 'step_finished', step: 'pages[0].draft', status: 'ok', attempts: 1, usd: 0.001, input_tokens: 10, output_tokens: 5, ms: 12, error: null },
  );
  assert.deepEqual(run.steps.map((s) => s.path), ['pages', 'pages[0]', 'pages[1]']);
  const [, first, second] = run.steps;
  assert.equal(first && standing(first), 'ok');
  assert.equal(second && standing(second), 'running');
  assert.equal(first?.children[0]?.outputTokens, 5);
});

test('money and tokens add up while calls go on, and the end has the last word', () => {
  const call = { event: 'call_finished', step: 'draft', attempt: 1, usd: 0.002, input_tokens: 100, output_tokens: 20, error: null };
  const before = told({ event: 'call_started', step: 'draft', model: 'm', attempt: 1 }, call);
  assert.deepEqual([before.usd, before.calls, before.inputTokens], [0.002, 1, 100]);
  const after = told(call, { event: 'run_finished', status: 'ok', output: 'x', error: null, spent: { usd: 0.5, calls: 3, input_tokens: 7, output_tokens: 8 }, ms: 9 });
  assert.deepEqual([after.usd, after.calls, after.inputTokens, after.output, after.status], [0.5, 3, 7, 'x', 'ok']);
});

test('a failed attempt is told, and its text is void', () => {
  const run = told(
    { event: 'step_started', step: 'draft', kind: 'prompt' },
    { event: 'token', step: 'draft', attempt: 1, text: 'half' },
    { event: 'call_finished', step: 'draft', attempt: 1, usd: 0, input_tokens: 1, output_tokens: 1, error: 'no JSON' },
    { event: 'call_started', step: 'draft', model: 'm', attempt: 2, restarts: true },
    { event: 'token', step: 'draft', attempt: 2, text: 'whole' },
    { event: 'step_finished', step: 'draft', status: 'failed', attempts: 2, error: { code: 'flow::E0804', message: 'no answer' } },
  );
  const [draft] = run.steps;
  assert.deepEqual([draft?.text, draft?.attempts, draft?.status], ['whole', 2, 'failed']);
  assert.equal(draft?.error, 'flow::E0804: no answer');
  assert.deepEqual(draft?.notes, ['attempt 1: no JSON']);
});

test('a run that is cut off leaves nothing running', () => {
  const run = told({ event: 'step_started', step: 'draft', kind: 'prompt' });
  lost(run, 'gone');
  assert.deepEqual([run.status, run.error, run.steps[0]?.status], ['interrupted', 'gone', 'interrupted']);
});

test('a run that was stopped has not failed', () => {
  const error = { code: 'flow::E0812', message: 'the run was interrupted' };
  const run = told({ event: 'step_started', step: 'draft', kind: 'prompt' }, { event: 'run_finished', status: 'failed', output: null, error, ms: 9 });
  assert.deepEqual([run.status, run.steps[0]?.status], ['interrupted', 'interrupted']);
});

test('what is no event is none', () => {
  for (const line of ['', 'error: no', '{"event":', '{"other":1}']) assert.equal(parse(line), undefined, line);
});

test('figures leave out what there is none of', () => {
  assert.equal(figures({ ms: 640, inputTokens: 812, outputTokens: 1096, usd: 0.00042 }), '640 ms · 1,908 tok · $0.000420');
  assert.equal(figures({ ms: undefined, inputTokens: 0, outputTokens: 0, usd: 0 }), '');
  assert.deepEqual([dollars(12.345), dollars(0.05), dollars(1e-12)], ['$12.35', '$0.0500', '$0.000000000']);
});

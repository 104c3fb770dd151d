// What is typed into an input box, and where flowc is looked for.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mistake, typed } from '../../src/values.ts';

test('text stays as it is, and all else is read as JSON where it can be', () => {
  assert.equal(typed({ kind: 'text', type: 'text' }, '12'), '12');
  assert.equal(typed({ kind: 'number', type: 'int' }, '12'), 12);
  assert.deepEqual(typed({ kind: 'json', type: '[text]' }, '["a"]'), ['a']);
  assert.equal(typed({ kind: 'json', type: 'date' }, '2026-01-31'), '2026-01-31');
});

test('a mistake is said where it can be seen at once', () => {
  assert.equal(mistake({ kind: 'number', type: 'int 0..9' }, 'x'), 'int 0..9 is a number');
  assert.equal(mistake({ kind: 'number', type: 'int' }, ''), 'int is needed');
  assert.equal(mistake({ kind: 'number', type: 'int', default: 3 }, ''), undefined);
  assert.match(mistake({ kind: 'json', type: 'Row' }, '{"a"') ?? '', /not valid JSON yet/);
  assert.equal(mistake({ kind: 'json', type: 'Row' }, '{"a": 1}'), undefined);
});

// The preview's page: the messages of a prompt with their tokens, and the values that they show.

import './preview.css';
import type { FromPreview, ToPreview } from '../messages.ts';
import type { Rendered } from '../protocol.ts';
import { choices, heard, tell, the, trouble } from './api.ts';

const prompt = the<HTMLSelectElement>('prompt');
const values = the<HTMLTextAreaElement>('values');
const send = (message: FromPreview): void => tell(message);
let typing: number | undefined;

prompt.addEventListener('change', () => {
  values.value = '';
  send({ type: 'prompt', name: prompt.value });
});
the('sample').addEventListener('click', () => {
  values.value = '';
  send({ type: 'sample' });
});
values.addEventListener('input', () => {
  clearTimeout(typing);
  typing = window.setTimeout(() => send({ type: 'values', text: values.value }), 150);
});

heard<ToPreview>((message) => {
  if (message.type === 'trouble') return trouble(message.message);
  const { rendered } = message;
  trouble(rendered.error ?? undefined);
  choices(prompt, rendered.prompts, rendered.prompt);
  about(rendered);
  // What is being typed is not overwritten.
  if (document.activeElement !== values) {
    values.value = JSON.stringify(rendered.values, null, 2);
    values.rows = Math.min(16, Math.max(3, values.value.split('\n').length));
  }
  if (rendered.error === null) the('messages').replaceChildren(...rendered.messages.map(shown), ...rendered.cuts.map(cut));
});

send({ type: 'ready' });

function about(rendered: Rendered): void {
  const count = (n: number): string => n.toLocaleString('en-US');
  const parts: string[] = [];
  if (rendered.tokens !== null) parts.push(`${count(rendered.tokens)} tokens${rendered.most === null ? '' : ` of ${count(rendered.most)} at most`}`);
  if (rendered.model !== null) parts.push(rendered.model);
  if (rendered.step !== null) parts.push(`as step ${rendered.step} asks`);
  the('about').textContent = parts.join(' · ');
  the('types').textContent = rendered.inputs.map((i) => `${i.name}: ${i.type}`).join(', ');
}

function shown(message: Rendered['messages'][number]): HTMLElement {
  const article = document.createElement('article');
  article.className = message.role;
  const head = document.createElement('h2');
  head.append(message.role);
  const tokens = document.createElement('span');
  tokens.textContent = message.tokens === 1 ? '1 token' : `${message.tokens.toLocaleString('en-US')} tokens`;
  head.append(tokens);
  const text = document.createElement('pre');
  text.textContent = message.text;
  article.append(head, text);
  return article;
}

function cut(says: string): HTMLElement {
  const line = document.createElement('p');
  line.className = 'cut';
  line.textContent = says;
  return line;
}

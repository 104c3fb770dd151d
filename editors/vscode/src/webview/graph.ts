// The graph panel's page: shows the picture in the editor's colours, and says which step was chosen.

import './graph.css';
import type { FromGraph, ToGraph } from '../messages.ts';
import { choices, heard, tell, the, trouble } from './api.ts';

const picture = the('picture');
const flow = the<HTMLSelectElement>('flow');
const labels = the<HTMLInputElement>('labels');
const send = (message: FromGraph): void => tell(message);
/** How large the picture is; nothing: as wide as the panel, and never larger than it was drawn. */
let zoom: number | undefined;
let natural = 1;

flow.addEventListener('change', () => send({ type: 'flow', name: flow.value }));
labels.addEventListener('change', () => send({ type: 'labels', on: labels.checked }));
the('in').addEventListener('click', () => scale((zoom ?? fitted()) * 1.25));
the('out').addEventListener('click', () => scale((zoom ?? fitted()) / 1.25));
the('fit').addEventListener('click', () => scale(undefined));
window.addEventListener('resize', () => scale(zoom));
picture.addEventListener('click', (event) => chosen(event.target));
picture.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' || event.key === ' ') chosen(event.target);
});
picture.addEventListener('wheel', (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  scale((zoom ?? fitted()) * (event.deltaY < 0 ? 1.1 : 1 / 1.1));
});

heard<ToGraph>((message) => {
  if (message.type === 'trouble') return trouble(message.message);
  trouble(undefined);
  draw(message.svg);
  choices(flow, message.flows, message.flow);
  labels.checked = message.labels;
  const cost = the('cost');
  cost.textContent = message.cost ?? '';
  cost.classList.toggle('over', message.over);
});

legend();
send({ type: 'ready' });

function draw(svg: string): void {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  // Its colours follow the system's light; here they follow the editor's theme.
  parsed.querySelectorAll('style, script, .ground').forEach((e) => e.remove());
  natural = Number(parsed.getAttribute('width')) || 1;
  for (const box of parsed.querySelectorAll('[data-step]')) {
    box.setAttribute('tabindex', '0');
    box.setAttribute('role', 'button');
  }
  picture.replaceChildren(document.importNode(parsed, true));
  scale(zoom);
}

function scale(to: number | undefined): void {
  zoom = to === undefined ? undefined : Math.min(4, Math.max(0.1, to));
  const svg = picture.querySelector('svg');
  const [, , width = 1, height = 1] = (svg?.getAttribute('viewBox') ?? '').split(' ').map(Number);
  const by = zoom ?? fitted();
  svg?.setAttribute('width', String(width * by));
  svg?.setAttribute('height', String(height * by));
}

function fitted(): number {
  return Math.min(1, Math.max(0.1, (picture.clientWidth - 16) / natural));
}

function chosen(target: EventTarget | null): void {
  const step = target instanceof Element ? target.closest('[data-step]')?.getAttribute('data-step') : undefined;
  if (step) send({ type: 'open', step });
}

function legend(): void {
  const kinds = ['prompt', 'lookup', 'guard', 'action', 'flow', 'computed'];
  const items = kinds.map((kind) => {
    const item = document.createElement('span');
    item.className = kind;
    item.textContent = kind;
    return item;
  });
  the('legend').replaceChildren(...items);
}

// What VS Code gives a webview.

interface Api {
  postMessage(message: unknown): void;
}

declare function acquireVsCodeApi(): Api;

const api = acquireVsCodeApi();

export function tell<Message>(message: Message): void {
  api.postMessage(message);
}

export function heard<Message>(take: (message: Message) => void): void {
  window.addEventListener('message', (event: MessageEvent<Message>) => take(event.data));
}

/** The element of the page with this id. The page is the extension's own, so it is there. */
export function the<E extends HTMLElement>(id: string): E {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element as E;
}

/** Fills a choice; it is hidden where there is nothing to choose. */
export function choices(select: HTMLSelectElement, names: readonly string[], chosen: string): void {
  select.replaceChildren(...names.map((name) => new Option(name, name, false, name === chosen)));
  select.disabled = names.length < 2;
}

export function trouble(message: string | undefined): void {
  const line = the('trouble');
  line.hidden = message === undefined;
  line.textContent = message ?? '';
  document.body.classList.toggle('stale', message !== undefined);
}

// A model that speaks OpenAI's chat completions and answers when the test says so.

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class Model {
  private readonly waiting: { response: ServerResponse; streams: boolean }[] = [];
  private asked: (() => void)[] = [];
  private readonly server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece));
    request.on('end', () => {
      const { stream } = JSON.parse(body) as { stream?: boolean };
      this.waiting.push({ response, streams: stream === true });
      this.asked.splice(0).forEach((told) => told());
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  /** Until somebody waits for an answer. */
  async isAsked(): Promise<void> {
    if (this.waiting.length > 0) return;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error('the model was not asked')), 30_000);
      this.asked.push(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  /** Answers everybody who waits. */
  answer(value: unknown): void {
    const content = JSON.stringify(value);
    const usage = { prompt_tokens: 700, completion_tokens: 60, total_tokens: 760 };
    const head = { id: 'chatcmpl-1', created: 1, model: 'gpt-4o-mini' };
    for (const { response, streams } of this.waiting.splice(0)) {
      if (streams) {
        const event = (data: object): string => `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', ...data })}\n\n`;
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write(event({ choices: [{ index: 0, delta: { role: 'assistant', content }, finish_reason: null }] }));
        response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }));
        response.end(`${event({ choices: [], usage })}data: [DONE]\n\n`);
      } else {
        const choices = [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }];
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
      }
    }
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { createEventClient } from './events.ts';
import { sendAndCut, sendJson, startScriptedServer } from './testing/scripted-server.ts';
import { createTransport } from './transport.ts';

const SSE = 'text/event-stream';

function frames(...sequences: readonly number[]): string {
  return sequences.map((sequence) => `id: ${sequence}\nevent: vm.started\ndata: {"sequence":${sequence}}\n\n`).join('');
}

async function take(source: AsyncIterable<{ sequence: number }>, count: number): Promise<number[]> {
  const taken: number[] = [];
  for await (const { sequence } of source) {
    taken.push(sequence);
    if (taken.length === count) break;
  }
  return taken;
}

describe('following events', () => {
  it('goes on after the last one when the connection breaks, without a gap and without a repetition', async () => {
    await using server = await startScriptedServer(
      sendAndCut(`: \n\n${frames(11, 12)}id: 13\nevent: vm.sta`, SSE),
      sendAndCut(': \n\n', SSE),
      sendAndCut(`: \n\n${frames(13, 14)}`, SSE),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await take(client.events.follow({ after: 10 }), 4)).toEqual([11, 12, 13, 14]);
    expect(server.seen.map(({ query }) => query.get('after'))).toEqual(['10', '12', '12']);
    expect(server.seen[0]?.headers.accept).toBe(SSE);
  });

  it('without a beginning goes on where the stream began, also when no event had come before it broke', async () => {
    await using server = await startScriptedServer(
      sendAndCut(': 15 s\nid: 7\n\n', SSE),
      sendAndCut(`: 15 s\nid: 7\n\n${frames(8)}: 15 s\nid: 20\n\n`, SSE),
      sendAndCut(frames(21), SSE),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    expect(await take(client.events.follow(), 2)).toEqual([8, 21]);
    expect(server.seen.map(({ query }) => query.get('after'))).toEqual([null, '7', '20']);
  });

  it('comes back when the server says why it ends the stream, if that may help', async () => {
    const ending = (reason: string, code: string) =>
      `${frames(1)}event: error\ndata: ${JSON.stringify({ status: 503, code, reason, detail: 'Ends.', request_id: 'req_1' })}\n\n`;
    await using server = await startScriptedServer(
      sendAndCut(ending('server.stopping', 'unavailable'), SSE),
      sendAndCut(ending('events.reader_too_slow', 'aborted'), SSE),
      sendAndCut(ending('store.damaged', 'data_loss'), SSE),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await expect(take(client.events.follow({ after: 0 }), 4)).rejects.toMatchObject({ reason: 'store.damaged' });
    expect(server.seen.map(({ query }) => query.get('after'))).toEqual(['0', '1', '1']);
  });

  it('takes a server that has fallen silent for one that is gone', async () => {
    await using server = await startScriptedServer(
      (response) => response.writeHead(200, { 'content-type': SSE }).write(frames(1)),
      sendAndCut(frames(2), SSE),
    );
    const events = createEventClient(createTransport({ baseUrl: server.baseUrl, apiKey: 'k' }), { silenceMs: 500 });

    expect(await take(events.follow({ after: 0 }), 2)).toEqual([1, 2]);
  });

  it('throws when the log no longer reaches back', async () => {
    const problem = { status: 410, code: 'not_found', reason: 'events.trimmed', detail: 'Gone.', retryable: false };
    await using server = await startScriptedServer(
      sendAndCut(frames(1), SSE),
      sendJson({ ...problem, request_id: 'req_1' }, 410, 'application/problem+json'),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await expect(take(client.events.follow({ after: 0 }), 2)).rejects.toMatchObject({ status: 410 });
  });

  it('ends with its signal, also while it waits to try again', async () => {
    const abort = new AbortController();
    await using server = await startScriptedServer(sendAndCut(frames(1), SSE), (response) => {
      abort.abort(new Error('enough'));
      response.destroy();
    });
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    await expect(take(client.events.follow({ after: 0 }, abort), 2)).rejects.toThrow('enough');
  });
});

import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { sendAndCut, sendJson, startScriptedServer } from './testing/scripted-server.ts';

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

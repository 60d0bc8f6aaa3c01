import { expect, it } from 'vitest';
import { createClient } from './client.ts';
import { sendAndCut, startScriptedServer } from './testing/scripted-server.ts';

const NDJSON = 'application/x-ndjson';
const textOf = (...messages: readonly object[]): string =>
  messages.map((message) => `${JSON.stringify(message)}\n`).join('');
const progress = (sequence: number) => ({ type: 'progress', sequence });
const line = (sequence: number) => ({ type: 'line', line: { sequence, message: `line ${sequence}` } });

it.each([0, 5])(
  'who follows with the last %i lines goes on where the stream was when it broke, also when no line had come',
  async (tail) => {
    await using server = await startScriptedServer(
      sendAndCut(textOf(progress(100), progress(150)), NDJSON),
      sendAndCut(textOf(progress(150), line(151), progress(180)), NDJSON),
      sendAndCut(textOf(progress(180), line(181)), NDJSON),
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const seen: number[] = [];
    for await (const { sequence } of client.logs.follow({ tail })) if (seen.push(sequence) === 2) break;

    expect(seen).toEqual([151, 181]);
    expect(server.seen.map(({ query }) => [query.get('tail'), query.get('cursor')])).toEqual([
      [`${tail}`, null],
      [null, '150'],
      [null, '180'],
    ]);
  },
);

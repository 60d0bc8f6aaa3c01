import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClient } from './client.ts';
import { type Answer, sendAndCut, sendJson, startScriptedServer } from './testing/scripted-server.ts';

const NDJSON = 'application/x-ndjson';
const EXECUTION = { id: 'exec_1', state: 'running', exit_code: null };
const STARTED = `${JSON.stringify({ type: 'started', execution: EXECUTION })}\n`;
const COMPLETED = `${JSON.stringify({ type: 'completed', execution: { ...EXECUTION, state: 'exited', exit_code: 3 } })}\n`;

/** What the server says of this output from an offset on, in pieces of this size. */
function outputLines(stream: 'stdout' | 'stderr', whole: Uint8Array, from: number, pieceBytes: number): string {
  let lines = '';
  for (let offset = from; offset < whole.length; offset += pieceBytes) {
    const data = Buffer.from(whole.subarray(offset, offset + pieceBytes)).toString('base64');
    lines += `${JSON.stringify({ type: stream, offset, data, encoding: 'base64' })}\n`;
  }
  return lines;
}

describe('a command', () => {
  it('gives its output, each stream by itself, and its end', async () => {
    const lines = [
      { type: 'stdout', offset: 0, data: 'grüße\n', encoding: 'utf8' },
      { type: 'heartbeat' },
      { type: 'stderr', offset: 0, data: '/w==', encoding: 'base64' },
    ];
    const text = STARTED + lines.map((line) => `${JSON.stringify(line)}\n`).join('') + COMPLETED;
    await using server = await startScriptedServer((response) => response.end(text));
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

    const { execution, stdout, stderr } = await client.executions.run('first', { argv: ['x'] });

    expect(execution.exit_code).toBe(3);
    expect(new TextDecoder().decode(stdout)).toBe('grüße\n');
    expect([...stderr]).toEqual([0xff]);
  });

  it('loses and repeats no byte wherever the connection breaks', async () => {
    const pieces = fc.integer({ min: 1, max: 9 });
    const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.uint8Array(), fc.uint8Array(), pieces, cuts, async (stdout, stderr, pieceBytes, places) => {
        const answerFrom = (from: number) =>
          outputLines('stdout', stdout, from, pieceBytes) + outputLines('stderr', stderr, from, pieceBytes) + COMPLETED;
        const cutAnswers = places.map<Answer>((place, i) => (response, request) => {
          const text = (i === 0 ? STARTED : '') + answerFrom(Number(request.query.get('from') ?? 0));
          const end = Math.max(i === 0 ? STARTED.length : 1, Math.floor(text.length * place));
          sendAndCut(text.slice(0, end), NDJSON)(response, request);
        });
        await using server = await startScriptedServer(...cutAnswers, (response, request) => {
          const isFirst = places.length === 0;
          response.end((isFirst ? STARTED : '') + answerFrom(Number(request.query.get('from') ?? 0)));
        });
        const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });

        const finished = await client.executions.run('first', { argv: ['x'] });

        expect([...finished.stdout]).toEqual([...stdout]);
        expect([...finished.stderr]).toEqual([...stderr]);
      }),
      { numRuns: 10 },
    );
  });
});

describe('the input of a command', () => {
  it('is sent again at the same offset when the answer was lost, and in order', async () => {
    const accept: Answer = (response, request) =>
      sendJson({ stdin_bytes: Number(request.query.get('offset')) + request.body.length })(response, request);
    await using server = await startScriptedServer(
      (response) => response.end(STARTED),
      accept,
      (response) => response.destroy(),
      accept,
    );
    const client = createClient({ baseUrl: server.baseUrl, apiKey: 'k' });
    const { stdin } = await client.executions.start('first', { argv: ['cat'], stdin: true });

    await stdin.write(new TextEncoder().encode('abc'));
    await Promise.all([
      stdin.write(new TextEncoder().encode('de')),
      stdin.write(new TextEncoder().encode('f')),
      stdin.end(),
    ]);

    const posts = server.seen
      .slice(1)
      .map(({ query, body }) => [query.get('offset'), query.get('end'), Buffer.from(body).toString()]);
    expect(posts[0]).toEqual(['0', 'false', 'abc']);
    expect(posts.slice(1, 3)).toEqual([
      ['3', 'false', 'de'],
      ['3', 'false', 'de'],
    ]);
    expect(
      posts
        .slice(3)
        .map(([, , body]) => body)
        .join(''),
    ).toBe('f');
    expect(posts.at(-1)?.[1]).toBe('true');
  });
});

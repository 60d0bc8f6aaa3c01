import { type ExecEvent, type FinishedExecution, routes } from '@volary/contract';
import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../testing/run-server.ts';
import { send } from '../testing/send.ts';

let server: RunningServer;
let client: VolaryClient;
const first = { params: { ref: 'first' } };

beforeAll(async () => {
  server = await runServer();
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  await client.operations.finish((await client.vms.create({ name: 'first' })).id);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array) => new TextDecoder().decode(content);

describe('exec', () => {
  it('streams lines by default: started, output, completed', async () => {
    const answer = await send(server.url, routes.execInVm, { ...first, body: { argv: ['echo', 'hi'] } });

    const events = answer.text
      .trim()
      .split('\n')
      .map((line): ExecEvent => JSON.parse(line));
    expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
    expect(events[0]?.type).toBe('started');
    expect(events.flatMap((event) => (event.type === 'stdout' ? [event.data] : [])).join('')).toBe('hi\n');
    expect(events.at(-1)).toMatchObject({ type: 'completed', execution: { state: 'exited', exit_code: 0 } });
  });

  it('gives the finished execution when JSON is asked for', async () => {
    const body = { command: 'exit 7' };
    const answer = await send(server.url, routes.execInVm, { ...first, body, headers: { accept: 'application/json' } });

    const finished: FinishedExecution = JSON.parse(answer.text);
    expect(finished).toMatchObject({ state: 'exited', exit_code: 7, stdout: '', stderr: '', stdout_encoding: 'utf8' });
    expect(finished.argv).toEqual(['/bin/sh', '-c', 'exit 7']);
    expect(finished.duration_ms).toBeGreaterThanOrEqual(0);
  });

  it('feeds a text to the command, whole', async () => {
    const body = { argv: ['cat'], stdin: 'grüße\n'.repeat(10_000) };
    const answer = await send(server.url, routes.execInVm, { ...first, body, headers: { accept: 'application/json' } });

    const finished: FinishedExecution = JSON.parse(answer.text);
    expect(finished.stdout).toBe(body.stdin);
    expect(finished).toMatchObject({ exit_code: 0, has_stdin: true });
  });

  it('does not mind a command that ends without reading its input', async () => {
    const body = { argv: ['true'], stdin: 'unread' };
    const answer = await send(server.url, routes.execInVm, { ...first, body, headers: { accept: 'application/json' } });

    expect(JSON.parse(answer.text)).toMatchObject({ exit_code: 0 });
  });

  it('brings bytes that are no text through unharmed', async () => {
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    const session = await client.executions.start('first', { argv: ['cat'], stdin: true });
    await session.stdin.write(all);
    await session.stdin.end();

    const output: number[] = [];
    for await (const chunk of session.output) output.push(...chunk.bytes);

    expect(output).toEqual([...all]);
    expect(await session.exit).toMatchObject({ exit_code: 0 });
  });

  it('leaves a detached command running, to be attached to from its first byte', async () => {
    const { id } = await client.executions.detach('first', { argv: ['cat'], stdin: true });
    const session = await client.executions.attach(id);
    await session.stdin.write(bytes('one '));
    await session.stdin.write(bytes('two'));
    await session.stdin.end();

    let output = '';
    for await (const chunk of session.output) output += text(chunk.bytes);

    expect(output).toBe('one two');
    expect(await session.exit).toMatchObject({ id, state: 'exited', exit_code: 0 });
  });

  it('does not hold a detached command up, however much it writes', async () => {
    const { id } = await client.executions.detach('first', { command: 'yes | head -n 2000000' });
    const ended = new AbortController();
    for await (const event of client.events.follow({ after: 0, types: ['execution.completed'] }, ended)) {
      if (event.subject === id) break;
    }

    expect(await client.executions.get(id)).toMatchObject({ state: 'exited', stdout_bytes: 4_000_000 });
  });

  it('tells which signal ended the command', async () => {
    const session = await client.executions.start('first', { argv: ['sleep', '1000'] });
    await session.signal('SIGTERM');

    for await (const _ of session.output) expect.unreachable('sleep says nothing');

    expect(await session.exit).toMatchObject({ exit_code: null, signal: 'SIGTERM' });
  });

  it('skips input that the command has, and refuses input after a gap', async () => {
    const { id } = await client.executions.detach('first', { argv: ['cat'], stdin: true });
    const post = (offset: number, body: string) =>
      send(server.url, routes.writeStdin, { params: { id }, query: { offset }, body: bytes(body) });

    expect(JSON.parse((await post(0, 'abc')).text)).toEqual({ stdin_bytes: 3 });
    expect(JSON.parse((await post(1, 'bcd')).text)).toEqual({ stdin_bytes: 4 });
    expect(JSON.parse((await post(9, 'x')).text)).toMatchObject({ status: 409, reason: 'execution.stdin_gap' });
    await client.executions.signal(id, 'SIGKILL');
  });
});

describe('kept output', () => {
  it('is there from any offset on, of each stream as it was', async () => {
    const { execution } = await client.executions.run('first', { argv: ['echo', 'hello'] });
    const read = async (query: object) =>
      (await send(server.url, routes.readOutput, { params: { id: execution.id }, query: { ...query } })).text;

    expect(await read({ stream: 'stdout' })).toBe('hello\n');
    expect(await read({ stream: 'stdout', from: 2 })).toBe('llo\n');
    expect(await read({ stream: 'stderr' })).toBe('');
    expect(await read({ raw: true })).toBe('hello\n');
    expect(await read({ stream: 'both' })).toContain('"type":"stdout"');
  });
});

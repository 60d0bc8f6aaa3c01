import { duplexPair } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VolaryError } from '../../../../domain/errors.ts';
import { createLineReader } from './line-reader.ts';
import { QmpClient } from './qmp-client.ts';

const GREETING = { QMP: { version: { qemu: { major: 7, minor: 2, micro: 22 } }, capabilities: [] } };

async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A monitor whose answers the test decides: `answer` gets each command and says which lines come back. */
function fakeMonitor(answer: (command: { execute: string; id: number }) => readonly unknown[]) {
  const [ours, theirs] = duplexPair();
  const reader = createLineReader(1024 * 1024);
  const send = (...lines: readonly unknown[]): void => {
    for (const line of lines) theirs.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\r\n`);
  };
  theirs.on('data', (chunk: Buffer) => {
    for (const line of reader.push(chunk)) send(...answer(JSON.parse(line)));
  });
  return { socket: ours, send, end: () => theirs.end() };
}

const ok = ({ id }: { id: number }) => [{ return: {}, id }];

async function reasonOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof VolaryError ? error.reason : String(error);
}

test('answers find their question whatever their order', async () => {
  const held: { execute: string; id: number }[] = [];
  const monitor = fakeMonitor((command) => {
    if (command.execute === 'qmp_capabilities') return ok(command);
    held.push(command);
    return held.length < 2 ? [] : [...held].reverse().map((one) => answerOf(one));
  });
  const answerOf = (command: { execute: string; id: number }): unknown =>
    command.execute === 'query-uuid'
      ? { return: { UUID: 'u' }, id: command.id }
      : { return: { status: 'running', running: true }, id: command.id };
  monitor.send(GREETING);
  await using client = await QmpClient.open(monitor.socket);

  const answers = await Promise.all([client.execute('query-uuid', null), client.execute('query-status', null)]);

  expect(answers).toEqual([{ UUID: 'u' }, { status: 'running', running: true }]);
});

test('a monitor that does not greet is held by somebody else', async () => {
  const monitor = fakeMonitor(ok);

  expect(await reasonOf(QmpClient.open(monitor.socket, { greetingTimeoutMs: 20 }))).toBe('driver.qmp_held');
  expect(monitor.socket.destroyed).toBe(true);
});

test('a refusal carries its words in the context, not in the message', async () => {
  const monitor = fakeMonitor((command) =>
    command.execute === 'stop'
      ? [{ error: { class: 'GenericError', desc: '/secret/path' }, id: command.id }]
      : ok(command),
  );
  monitor.send(GREETING);
  await using client = await QmpClient.open(monitor.socket);

  const error = await client.execute('stop', null).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ reason: 'driver.qmp_refused', context: { description: '/secret/path' } });
  expect(String(error)).not.toContain('secret');
});

test('an unanswered command ends with its time, and the connection goes on', async () => {
  const monitor = fakeMonitor((command) => (command.execute === 'stop' ? [] : ok(command)));
  monitor.send(GREETING);
  await using client = await QmpClient.open(monitor.socket);

  expect(await reasonOf(client.execute('stop', null, { timeoutMs: 20 }))).toBe('driver.qmp_silent');
  expect(await client.execute('cont', null)).toEqual({});
});

test('an answer of another shape is a violation', async () => {
  const monitor = fakeMonitor((command) =>
    command.execute === 'query-status' ? [{ return: { status: 7 }, id: command.id }] : ok(command),
  );
  monitor.send(GREETING);
  await using client = await QmpClient.open(monitor.socket);

  expect(await reasonOf(client.execute('query-status', null))).toBe('driver.qmp_violation');
});

test('the end of the connection rejects what waits, ends the events and is told', async () => {
  const monitor = fakeMonitor((command) => (command.execute === 'stop' ? [] : ok(command)));
  monitor.send(GREETING);
  await using client = await QmpClient.open(monitor.socket);
  const events = collect(client.events());
  const waiting = reasonOf(client.execute('stop', null));

  monitor.send({ event: 'STOP', data: {} }, 'no JSON at all', { event: 'RESUME' });
  await client.execute('cont', null);
  monitor.end();

  expect(await waiting).toBe('driver.qmp_closed');
  expect((await client.closed).reason).toBe('driver.qmp_closed');
  expect((await events).map(({ event }) => event)).toEqual(['STOP', 'RESUME']);
  expect(await reasonOf(client.execute('cont', null))).toBe('driver.qmp_closed');
});

test('a line without end closes the connection instead of filling the memory', async () => {
  const monitor = fakeMonitor(ok);
  monitor.send(GREETING);
  await using client = await QmpClient.open(monitor.socket);

  monitor.send('x'.repeat(2 * 1024 * 1024));

  expect((await client.closed).reason).toBe('driver.qmp_violation');
});

test('garbage between answers never confuses them, however it is cut', async () => {
  const garbage = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom('{"return":{}}', '{"id":2}', '{"event":7}', '[]', ''),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(garbage, { maxLength: 8 }), async (lines) => {
      const noise = lines.map((line) => line.replaceAll('\n', ' '));
      const monitor = fakeMonitor((command) => [
        ...noise,
        command.execute === 'query-uuid' ? { return: { UUID: 'u' }, id: command.id } : { return: {}, id: command.id },
        ...noise,
      ]);
      monitor.send(...noise, GREETING);
      await using client = await QmpClient.open(monitor.socket);

      expect(await client.execute('query-uuid', null)).toEqual({ UUID: 'u' });
    }),
    { numRuns: 60 },
  );
});

test('lines are the same whatever chunks they come in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string().map((s) => s.replaceAll(/[\r\n]/g, ''))),
      fc.integer({ min: 1, max: 9 }),
      (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
        const reader = createLineReader(bytes.length + 1);
        const read: string[] = [];
        for (let at = 0; at < bytes.length; at += size) read.push(...reader.push(bytes.subarray(at, at + size)));

        expect(read).toEqual(lines.map((line) => Buffer.from(line).toString()));
      },
    ),
  );
});

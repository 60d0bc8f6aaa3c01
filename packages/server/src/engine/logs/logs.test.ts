import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import { VolaryError } from '../../domain/errors.ts';
import type { LogLine } from '../../domain/logs/log-line.ts';
import { completeWorkload } from '../../domain/workload/workload.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { principalWith } from '../principals.test-kit.ts';
import { create, finish, soon } from '../vm-life.test-kit.ts';

let installation: Installation;
let server: TestServer;
beforeEach(async () => {
  installation = createInstallation();
  server = await installation.start();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function make(command: string, name = 'bird'): Promise<void> {
  const { operation } = await server.engine.vms.create(ADMIN, {
    ...{ name, labels: {}, metadata: {}, start: true, warmStart: 'auto' },
    spec: { workload: completeWorkload({ type: 'batch', command }) },
  });
  await finish(server, operation);
}

/** Follows until something is so of all that came. */
async function follow(
  selection: Parameters<TestServer['engine']['logs']['follow']>[1],
  isEnough: (lines: readonly LogLine[]) => boolean,
  after: number | null = 0,
): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  const signal = AbortSignal.timeout(soon.timeoutMs);
  for await (const page of await server.engine.logs.follow(ADMIN, selection, { after, tail: null, signal })) {
    lines.push(...page);
    if (isEnough(lines)) return lines;
  }
  throw new Error('the feed has ended');
}

/** Where output goes on of which some is missing. */
const BEHIND_GAP = 100_000;

/** As an agent tells it that has dropped the oldest of what nobody took. */
async function keepBehindGap({ store }: TestServer, id: LogLine['executionId'] | undefined, text: string) {
  const [execution] = (await store.executions.listActive()).filter((each) => each.id === id);
  if (execution === undefined) throw new Error('the workload is over');
  await store.executions.appendNewest(execution.id, 'stdout', {
    ...{ offset: BEHIND_GAP, bytes: new TextEncoder().encode(text), keepFrom: 0 },
  });
}

const hasMessage =
  (text: string) =>
  (lines: readonly LogLine[]): boolean =>
    lines.some(({ message }) => message === text);

/** From the first line on. */
const PAGE = { direction: 'forward', from: null, signal: new AbortController().signal } as const;

async function list(selection: Parameters<TestServer['engine']['logs']['list']>[1], principal = ADMIN) {
  return await server.engine.logs.list(principal, selection, { ...PAGE, limit: 1_000 });
}

describe('the log', () => {
  it('has what a workload writes, line by line, with its stream, and its last words without an end', async () => {
    await make('echo one; echo two >&2; printf end');

    const out = await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('end'));
    const err = await follow({ vm: 'bird', sources: ['stderr'] }, hasMessage('two'));

    expect(out.map(({ message }) => message)).toEqual(['one', 'end']);
    expect(err[0]).toMatchObject({ level: 'warn', owner: 'admin', executionId: out[0]?.executionId });
    expect(out[0]).toMatchObject({ level: 'info', source: 'stdout' });
  });

  it('has what a console says, and operations and commands with what they are about', async () => {
    await create(server, 'bird');
    const session = await server.engine.executions.start(
      ADMIN,
      'bird',
      {
        argv: ['sh', '-c', 'echo hello > /dev/console'],
        env: {},
        cwd: '',
        user: '',
        tty: null,
        hasStdin: false,
        timeoutMs: 0,
      },
      soon,
    );
    for await (const update of session.updates) if (update.kind === 'completed') break;

    await follow({ vm: 'bird', sources: ['console'] }, hasMessage('hello'));
    const done = await follow({ vm: 'bird' }, (lines) =>
      lines.some(({ message }) => message.startsWith('execution.completed')),
    );

    const operation = done.find(({ source }) => source === 'operation');
    expect(operation).toMatchObject({ level: 'info', fields: { kind: 'vm.create' } });
    expect(done.find(({ source }) => source === 'execution')?.executionId).toBe(session.execution.id);
    expect(done.some(({ message }) => message.startsWith('vm.started bird'))).toBe(true);
  });

  it('has a prompt of a console, which waits for an answer and has no end, once it has waited for a while', async () => {
    await installation[Symbol.asyncDispose]();
    const clock = createSystemClock();
    installation = createInstallation({ clock: { ...clock, monotonicMs: () => 20 * clock.monotonicMs() } });
    server = await installation.start();
    await make('printf "login: " > /dev/console; sleep 600');

    const lines = await follow({ vm: 'bird', sources: ['console'] }, hasMessage('login: '));

    expect(lines.at(-1)).toMatchObject({ message: 'login: ', marks: ['partial'] });
  });

  it('goes on after a restart without a gap and without doubling anything', async () => {
    await make('echo line 1; echo line 2; echo line 3; sleep 600');
    await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('line 3'));
    const cursor = await server.store.events.bounds();
    await server.stop();
    server = await installation.start();

    await follow(
      { sources: ['engine'] },
      (lines) => lines.filter(({ message }) => message.startsWith('server.started')).length === 2,
    );

    const { lines } = await list({});
    const events = lines.filter(({ fields }) => fields['event'] !== undefined);
    expect(events.length).toBeGreaterThan(cursor.last);
    expect(lines.filter(({ source }) => source === 'stdout').map(({ message }) => message)).toEqual([
      'line 1',
      'line 2',
      'line 3',
    ]);
  });

  it('goes on behind a gap in what a workload wrote, and says so, though no line ends before it', async () => {
    await make('echo one; printf hal; sleep 600');
    const [one] = await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('one'));
    await keepBehindGap(server, one?.executionId, 'f\nlater\nend');

    server.bus.publish('output', `${one?.executionId}:stdout`);

    const lines = await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('later'));
    expect(lines.map(({ message, marks }) => (marks.includes('gap') ? 'gap' : message))).toEqual([
      ...['one', 'hal', 'gap', 'f', 'later'],
    ]);
    expect(lines[1]?.marks).toEqual(['partial']);
    expect(lines[2]?.fields).toEqual({ missing_bytes: BEHIND_GAP - 7 });
  });

  it('has what a workload wrote behind a gap also when it is over before that is taken', async () => {
    await make('echo one; printf hal; sleep 600');
    const [one] = await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('one'));
    await keepBehindGap(server, one?.executionId, 'f\nlater\nend');

    const { operation } = await server.engine.vms.stop(ADMIN, 'bird', { graceMs: 0 });
    await finish(server, operation);

    const lines = await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('end'));
    expect(lines.map(({ message, marks }) => (marks.includes('gap') ? 'gap' : message))).toEqual([
      ...['one', 'hal', 'gap', 'f', 'later', 'end'],
    ]);
  });

  it('has all that a VM has said also when it is deleted before that is taken', async () => {
    await make('printf "login: " > /dev/console; echo one; printf half; sleep 600');
    const [one] = await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('one'));

    const { operation } = await server.engine.vms.delete(ADMIN, 'bird', { graceMs: 0 });
    await finish(server, operation);

    const said = (await list({ sources: ['stdout', 'console'] })).lines.filter(({ vmId }) => vmId === one?.vmId);
    expect(said.map(({ message, marks }) => [message, marks])).toEqual(
      expect.arrayContaining([
        ['half', []],
        ['login: ', ['partial']],
      ]),
    );
    expect(said.filter(({ marks }) => marks.includes('gap'))).toEqual([]);
  });

  it('has what a console said last also when its engine was away as the deletion began', async () => {
    await server.stop();
    let isAway = false;
    const failure = () => new VolaryError('unavailable', 'It is restarted.', { reason: 'driver.simulated_fault' });
    server = await installation.start((driver) => ({
      ...driver,
      readConsole: (...args) => {
        if (isAway) throw failure();
        return driver.readConsole(...args);
      },
      async deleteDisk(...args) {
        const wasAway = isAway;
        isAway = false;
        if (wasAway) throw failure();
        await driver.deleteDisk(...args);
      },
    }));
    await make('echo ready; printf "last words" > /dev/console; sleep 600');
    await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('ready'));

    isAway = true;
    const { operation } = await server.engine.vms.delete(ADMIN, 'bird', { graceMs: 0 });
    await finish(server, operation);

    const { lines } = await list({ sources: ['console'] });
    expect(lines.at(-1)?.message).toBe('last words');
    expect(lines.filter(({ marks }) => marks.includes('gap'))).toEqual([]);
  });

  it('takes what it has not, from where it is kept, when its file is lost', async () => {
    await make('echo early; sleep 600');
    await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('early'));
    await server.stop();
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(installation.dataDir, `logs.db${suffix}`), { force: true });
    server = await installation.start();

    const again = await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('early'));

    expect(again).toHaveLength(1);
    expect((await list({ vm: 'bird', search: 'vm.started' })).lines).toHaveLength(1);
  });

  it('begins with the last lines for whoever follows, and goes on with what comes', async () => {
    await make('echo one; echo two; echo three; sleep 600');
    await follow({ vm: 'bird', sources: ['stdout'] }, hasMessage('three'));
    const selection = { vm: 'bird', sources: ['stdout'] } as const;
    const stop = new AbortController();

    const feed = await server.engine.logs.follow(ADMIN, selection, { after: null, tail: 2, signal: stop.signal });
    const pages = feed[Symbol.asyncIterator]();

    // Whoever loses the connection before the last lines have come gets them when they go on from here.
    const [one, two] = (await list(selection)).lines.map(({ sequence }) => sequence);
    expect(feed.position).toBeGreaterThanOrEqual(one ?? Number.NaN);
    expect(feed.position).toBeLessThan(two ?? Number.NaN);
    expect((await pages.next()).value.map(({ message }: LogLine) => message)).toEqual(['two', 'three']);
    const next = pages.next();
    stop.abort(new DOMException('enough', 'AbortError'));
    await expect(next).rejects.toMatchObject({ name: 'AbortError' });
    expect(feed.position).toBeGreaterThan(two ?? Number.NaN);
  });

  it('shows to each what is their own, and what the server says to whoever may read all', async () => {
    await create(server, 'bird');
    await follow({ vm: 'bird' }, (lines) => lines.some(({ message }) => message.startsWith('vm.started')));

    const own = principalWith('somebody', 'log:read@own');
    const viewer = principalWith('viewer', 'log:read');
    await server.engine.logs.list(viewer, { sources: ['engine', 'server'] }, { ...PAGE, limit: 1 });
    await expect(list({ sources: ['server'] }, viewer)).rejects.toMatchObject({ reason: 'access.denied' });

    expect((await list({}, own)).lines).toEqual([]);
    await expect(list({ vm: 'bird' }, own)).rejects.toMatchObject({ code: expect.any(String) });
    await expect(list({}, principalWith('nobody', 'vm:read'))).rejects.toMatchObject({ reason: 'access.denied' });
  });

  it.each([
    [{ search: ' -- ' }, 'logs.no_word'],
    [{ sinceMs: 5, untilMs: 5 }, 'logs.empty_range'],
    [{ vm: 'nobody' }, 'vm.unknown'],
  ])('refuses %j in words', async (selection, reason) => {
    await expect(list(selection)).rejects.toMatchObject({ reason });
  });

  it('refuses a cursor that it has not given', async () => {
    const page = { ...PAGE, from: Number.MAX_SAFE_INTEGER, limit: 1 };
    await expect(server.engine.logs.list(ADMIN, {}, page)).rejects.toMatchObject({ reason: 'logs.cursor_ahead' });
  });
});

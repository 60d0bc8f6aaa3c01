import { hash } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecRequest } from '../../domain/execution/execution.ts';
import type { ExecutionSession } from '../apis/execution-api.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import type { Claim } from '../requests.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';

const ANSWER = { status: 202, headers: { location: '/x' }, body: '{}' };
const ECHO: ExecRequest = {
  argv: ['echo', 'hi'],
  env: {},
  cwd: '',
  user: '',
  tty: null,
  hasStdin: false,
  timeoutMs: 0,
};

let installation: Installation;
let requests = 0;

beforeEach(() => {
  installation = createInstallation();
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function claim({ engine }: TestServer, key: string, fingerprint = 'a'): Promise<Claim> {
  return await engine.idempotency.claim(ADMIN, { key, fingerprint, requestId: `req-${++requests}` });
}

async function vmNames({ engine }: TestServer): Promise<readonly string[]> {
  return (await engine.vms.list(ADMIN, { limit: 100, after: null })).items.map(({ name }) => name);
}

async function outputOf({ updates }: ExecutionSession): Promise<string> {
  let text = '';
  for await (const update of updates) if (update.kind === 'output') text += new TextDecoder().decode(update.bytes);
  return text;
}

describe('a request with a key', () => {
  it('takes effect once, and then is answered with what it was answered first', async () => {
    const server = await installation.start();
    const first = await claim(server, 'k');
    const { operation } = await server.engine.vms.create(ADMIN, request('bird'), { once: first });
    await server.engine.idempotency.keep(first, ANSWER);
    server.engine.idempotency.release(first);

    const again = await claim(server, 'k');

    expect(again).toMatchObject({ answer: ANSWER, effect: { kind: 'operation', id: operation.id } });
    await expect(claim(server, 'k', 'b')).rejects.toMatchObject({ reason: 'idempotency.key_reused' });
  });

  it('is told from others by a key of the installation, also by the next server', async () => {
    const asked = 'POST /v1/webhooks\n{"secret":"a-short-secret!!"}';
    const before = await installation.start();
    const fingerprint = before.engine.idempotency.fingerprintOf(asked);
    await before.stop();
    const { engine } = await installation.start();

    expect(engine.idempotency.fingerprintOf(asked)).toBe(fingerprint);
    expect(engine.idempotency.fingerprintOf(`${asked} `)).not.toBe(fingerprint);
    expect(fingerprint).not.toBe(hash('sha256', asked));
  });

  it('that took effect under a version that kept a mere digest of it is refused, not done twice', async () => {
    const server = await installation.start();
    const asked = 'POST /v1/vms\n{"name":"bird"}';
    const { operation } = await server.engine.vms.create(ADMIN, request('bird'), {});
    await server.store.idempotencyKeys.insert({
      ...{ principal: ADMIN.name, key: 'k', fingerprint: hash('sha256', asked), requestId: 'req-0' },
      ...{ effect: { kind: 'operation', id: operation.id }, createdAt: Date.now(), answer: null },
    });

    await expect(claim(server, 'k', server.engine.idempotency.fingerprintOf(asked))).rejects.toMatchObject({
      code: 'invalid_argument',
      reason: 'idempotency.key_reused',
    });
  });

  it('is refused while the first one is being answered, and a key of another principal is another key', async () => {
    const server = await installation.start();
    await claim(server, 'k');

    await expect(claim(server, 'k')).rejects.toMatchObject({ code: 'aborted', reason: 'idempotency.in_progress' });
    await expect(claim(server, 'k', 'b')).rejects.toMatchObject({ reason: 'idempotency.key_reused' });
    const other = { ...ADMIN, name: 'other' };
    expect(await server.engine.idempotency.claim(other, { key: 'k', fingerprint: 'b', requestId: 'r' })).toMatchObject({
      effect: null,
    });
  });

  it('is its API key’s own: another key of the same user learns nothing by it', async () => {
    const server = await installation.start();
    const by = (id: string) => ({ ...ADMIN, credential: { kind: 'api_key', id } as const });
    const asked = { key: 'k', fingerprint: 'a', requestId: 'r' };
    const first = await server.engine.idempotency.claim(by('key_1'), asked);
    await server.engine.vms.create(by('key_1'), request('bird'), { once: first });
    await server.engine.idempotency.keep(first, ANSWER);
    server.engine.idempotency.release(first);

    expect(await server.engine.idempotency.claim(by('key_2'), asked)).toMatchObject({ effect: null, answer: null });
    expect(await server.engine.idempotency.claim(by('key_1'), asked)).toMatchObject({ answer: ANSWER });
  });

  it('that is refused before it took effect leaves its key free', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    const first = await claim(server, 'k');
    await expect(server.engine.vms.create(ADMIN, request('bird'), { once: first })).rejects.toMatchObject({
      reason: 'vm.name_taken',
    });
    await server.engine.idempotency.keep(first, ANSWER);
    server.engine.idempotency.release(first);

    expect(await claim(server, 'k', 'b')).toMatchObject({ effect: null, answer: null });
  });

  it('may use its key anew when its time is over', async () => {
    await installation[Symbol.asyncDispose]();
    installation = createInstallation({ settings: { idempotencyMs: -1 } });
    const server = await installation.start();
    const first = await claim(server, 'k');
    await server.engine.vms.create(ADMIN, request('bird'), { once: first });
    server.engine.idempotency.release(first);

    const second = await claim(server, 'k', 'b');

    expect(second.effect).toBeNull();
    await server.engine.vms.create(ADMIN, request('owl'), { once: second });
    expect(await vmNames(server)).toEqual(['bird', 'owl']);
  });

  it('is forgotten by the sweep when its time is over', async () => {
    await installation[Symbol.asyncDispose]();
    installation = createInstallation({ settings: { idempotencyMs: -1, sweepMs: 10 } });
    const server = await installation.start();
    await server.engine.vms.create(ADMIN, request('bird'), { once: await claim(server, 'k') });

    await expect.poll(() => server.store.idempotencyKeys.get('admin', 'k')).toBeNull();
  });
});

describe('equal requests at the same moment', () => {
  it('make one VM, whichever of them wins, also if nothing but the store knows of the others', async () => {
    const server = await installation.start();
    let number = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 12 }),
        fc.boolean(),
        fc.scheduler(),
        async (count, isLetGoOf, scheduler) => {
          const name = `bird-${++number}`;
          const one = async (): Promise<string> => {
            const mine = await claim(server, name);
            // As when its caller has gone: then the next one is not turned away at the door.
            if (isLetGoOf) server.engine.idempotency.release(mine);
            return (await server.engine.vms.create(ADMIN, { ...request(name, {}, false), name: null }, { once: mine }))
              .vm.id;
          };
          const before = (await vmNames(server)).length;
          const attempts = Array.from({ length: count }, () => scheduler.schedule(Promise.resolve()).then(one));
          await scheduler.waitAll();
          const settled = await Promise.allSettled(attempts);

          const made = settled.filter(({ status }) => status === 'fulfilled');
          const refused = settled.flatMap((each): unknown[] => (each.status === 'rejected' ? [each.reason] : []));
          expect((await vmNames(server)).length - before).toBe(1);
          expect(new Set(made.map((each) => ('value' in each ? each.value : ''))).size).toBe(1);
          for (const error of refused) expect(error).toMatchObject({ reason: 'idempotency.in_progress' });
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('a server that died between the effect and its answer', () => {
  it('is followed by one that knows the VM, and makes no second one', async () => {
    const first = await installation.start();
    const { operation } = await first.engine.vms.create(ADMIN, request('bird'), { once: await claim(first, 'k') });
    await first.stop();

    const second = await installation.start();
    const again = await second.engine.vms.create(ADMIN, request('bird'), { once: await claim(second, 'k') });

    expect(again.operation.id).toBe(operation.id);
    expect(await finish(second, again.operation)).toMatchObject({ state: 'succeeded' });
    expect(await vmNames(second)).toEqual(['bird']);
  });

  it('is followed by one that changes nothing twice, whatever the VM has become', async () => {
    const first = await installation.start();
    await create(first, 'bird');
    const { operation } = await first.engine.vms.restart(ADMIN, 'bird', { graceMs: 0, once: await claim(first, 'k') });
    await finish(first, operation);
    await first.stop();

    const second = await installation.start();
    const once = await claim(second, 'k');
    const again = await second.engine.vms.restart(ADMIN, 'bird', { graceMs: 0, revision: 1, once });

    expect(again).toMatchObject({ operation: { id: operation.id, state: 'succeeded' }, vm: { incarnation: 2 } });
    second.engine.idempotency.release(once);
    await finish(second, (await second.engine.vms.delete(ADMIN, 'bird', {})).operation);
    const late = await claim(second, 'k');
    await expect(second.engine.vms.restart(ADMIN, 'bird', { graceMs: 0, once: late })).rejects.toMatchObject({
      reason: 'vm.unknown',
      context: { operationId: operation.id },
    });
  });

  it('is followed by one that gives the output of the command, and does not run it again', async () => {
    const first = await installation.start();
    await create(first, 'bird');
    const session = await first.engine.executions.start(ADMIN, 'bird', ECHO, {
      ...soon,
      once: await claim(first, 'k'),
    });
    expect(await outputOf(session)).toBe('hi\n');
    await first.stop();

    const second = await installation.start();
    const again = await second.engine.executions.start(ADMIN, 'bird', ECHO, {
      ...soon,
      once: await claim(second, 'k'),
    });

    expect(again.execution.id).toBe(session.execution.id);
    expect(await outputOf(again)).toBe('hi\n');
    expect((await second.engine.executions.list(ADMIN, { limit: 9, after: null })).items).toHaveLength(1);
  });

  it('is followed by one that says so where the effect was in a guest, which nobody can look up', async () => {
    const first = await installation.start();
    await first.engine.idempotency.begin(await claim(first, 'k'));
    await first.stop();

    const second = await installation.start();
    const again = await claim(second, 'k');

    await expect(second.engine.idempotency.begin(again)).rejects.toMatchObject({
      code: 'conflict',
      reason: 'idempotency.outcome_unknown',
    });
  });
});

describe('a command under way', () => {
  it('is joined from its first byte on, by as many as ask with its key', async () => {
    const server = await installation.start();
    await create(server, 'bird');
    const command = { ...ECHO, argv: ['cat'], hasStdin: true };
    const first = await claim(server, 'k');
    const { execution } = await server.engine.executions.start(ADMIN, 'bird', command, { ...soon, once: first });
    server.engine.idempotency.release(first);
    const input = async function* (text: string): AsyncGenerator<Uint8Array> {
      yield new TextEncoder().encode(text);
    };
    await server.engine.executions.writeStdin(ADMIN, execution.id, { offset: 0, content: input('one'), end: false });

    const again = await server.engine.executions.start(ADMIN, 'bird', command, {
      ...soon,
      once: await claim(server, 'k'),
    });
    const output = outputOf(again);
    await server.engine.executions.writeStdin(ADMIN, execution.id, { offset: 3, content: input('two'), end: true });

    expect(again.execution.id).toBe(execution.id);
    expect(await output).toBe('onetwo');
  });
});

describe('what was begun in a guest', () => {
  it('gives its key back when the guest refused', async () => {
    const server = await installation.start();
    const { idempotency } = server.engine;
    const first = await claim(server, 'k');
    await idempotency.begin(first);
    await idempotency.withdraw(first);
    idempotency.release(first);

    const second = await claim(server, 'k');
    await idempotency.begin(second);
    await idempotency.keep(second, { ...ANSWER, status: 204, body: '' });
    idempotency.release(second);

    expect(await claim(server, 'k')).toMatchObject({ answer: { status: 204 } });
  });

  it('is not kept when its answer is too long', async () => {
    const server = await installation.start();
    const first = await claim(server, 'k');
    await server.engine.idempotency.begin(first);
    await server.engine.idempotency.keep(first, { ...ANSWER, body: 'x'.repeat(65_537) });
    server.engine.idempotency.release(first);

    expect(await claim(server, 'k')).toMatchObject({ answer: null, effect: { kind: 'guest' } });
  });
});

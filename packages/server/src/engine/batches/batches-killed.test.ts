import { expect, it } from 'vitest';
import { driverWithFaultPoints, storeWithFaultPoints } from '../../adapters/fault-points/with-fault-points.ts';
import type { FaultPoint } from '../../ports/fault-point.ts';
import type { Store } from '../../ports/store.ts';
import type { BatchRequest } from '../apis/batch-api.ts';
import { clingingWhenDead, dyingAt } from '../dying-server.test-kit.ts';
import { ADMIN, createInstallation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';
import { readBatchResult } from './batch-result.ts';

const command = {
  ...{ argv: ['/bin/sh', '-c', 'echo ran >> /root/log'], env: {}, cwd: '', user: '', tty: null },
  ...{ hasStdin: false, timeoutMs: 10_000 },
};
const BATCH: BatchRequest = {
  isStoppedByError: false,
  concurrency: 1,
  items: [
    { action: 'create', request: { ...request('made'), warmStart: 'never' } },
    { action: 'exec', target: { vm: 'there' }, request: command },
    { action: 'create', request: { ...request('last', {}, false), warmStart: 'never' } },
  ],
};

/** What has become of everything when the server dies there and another one goes on; null where nothing was accepted. */
async function liveThrough(last: number) {
  await using installation = createInstallation({ settings: { sweepMs: 50, orphanGraceMs: 0 } });
  const { pass, passed } = dyingAt(last);
  let isAlive = false;
  const whileAlive: FaultPoint = (point) => {
    if (isAlive) pass(point);
  };
  const isDead = (): boolean => passed() >= last;
  const first = await installation.start(
    (driver) => clingingWhenDead(driverWithFaultPoints(driver, whileAlive), isDead),
    undefined,
    undefined,
    (store) => silentWhenDead(storeWithFaultPoints(store, whileAlive), () => isAlive && isDead()),
  );
  await create(first, 'there');
  isAlive = true;
  const begun = await first.engine.batches.run(ADMIN, BATCH).catch(() => null);
  const isDone = begun !== null && (await ends(first, begun.id, isDead));
  await first.stop();
  isAlive = false;

  const next = await installation.start();
  const active = (await next.store.operations.list({ limit: 99, after: null })).filter(
    ({ kind }) => kind === 'vm.batch',
  );
  const [batch] = active;
  if (batch === undefined) return null;
  const ended = await finish(next, batch);
  const { items: vms } = await next.engine.vms.list(ADMIN, { limit: 9, after: null });
  const { items: executions } = await next.engine.executions.list(ADMIN, { limit: 9, after: null });
  return {
    ...{ states: readBatchResult(ended.result)?.items.map(({ state }) => state), log: await readLog(next) },
    ...{ vms: vms.map(({ name }) => name).toSorted(), executions: executions.length, batches: active.length },
    ...{ isDone, passed: passed() },
  };
}

/** What no fault point is named after is not written either by a server that is dead. */
function silentWhenDead(store: Store, isDead: () => boolean): Store {
  const transaction: Store['transaction'] = async (work) => {
    if (isDead()) throw new Error('this server is dead');
    return await store.transaction(work);
  };
  return { ...store, transaction };
}

/** True when it is over, false when its server died before. */
async function ends({ engine }: TestServer, id: Parameters<typeof engine.operations.get>[1], isDead: () => boolean) {
  for (;;) {
    const patience = { timeoutMs: 30, signal: new AbortController().signal };
    const isOver = await engine.operations.wait(ADMIN, id, patience).then(
      ({ completedAt }) => completedAt !== null,
      () => false,
    );
    if (isOver || isDead()) return isOver;
  }
}

async function readLog({ engine }: TestServer): Promise<string> {
  const { content } = await engine.files.read(ADMIN, 'there', '/root/log', soon);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

it('a server that is killed at any point leaves a batch that the next one ends, with each VM made and each command run once', async () => {
  let killed = 0;
  for (let last = 1; last < 200; last++) {
    const outcome = await liveThrough(last);
    if (outcome === null) continue;
    const { isDone, passed, ...rest } = outcome;
    expect(rest, `killed at point ${last}`).toEqual({
      ...{ states: ['succeeded', 'succeeded', 'succeeded'], log: 'ran\n' },
      ...{ vms: ['last', 'made', 'there'], executions: 1, batches: 1 },
    });
    if (isDone && passed < last) break;
    killed += 1;
  }
  expect(killed).toBeGreaterThan(20);
}, 600_000);

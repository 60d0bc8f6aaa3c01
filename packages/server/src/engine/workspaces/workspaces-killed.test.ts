import { expect, it } from 'vitest';
import { driverWithFaultPoints, storeWithFaultPoints } from '../../adapters/fault-points/with-fault-points.ts';
import type { FaultPoint } from '../../ports/fault-point.ts';
import type { WorkspaceApi } from '../apis/workspace-api.ts';
import { clingingWhenDead, dyingAt } from '../dying-server.test-kit.ts';
import { ADMIN, createInstallation, type TestServer } from '../installation.test-kit.ts';
import { soon } from '../vm-life.test-kit.ts';

const REQUEST = {
  name: 'desk',
  labels: {},
  metadata: {},
  repository: { url: 'https://example.com/acme/shop' },
  prepSteps: [{ command: 'echo one >> /root/log' }, { command: 'echo two >> /root/log' }],
  vm: { spec: { memoryMib: 128, diskGib: 1 }, warmStart: 'never' },
} as const;

/** What is in the guest, and how often a step was begun, when the server dies there and another one goes on. */
async function liveThrough(last: number) {
  await using installation = createInstallation({ settings: { workspacesMs: 50, sweepMs: 50, orphanGraceMs: 0 } });
  const { pass, passed } = dyingAt(last);
  let isAlive = false;
  const whileAlive: FaultPoint = (point) => {
    if (isAlive) pass(point);
  };
  const first = await installation.start(
    (driver) => clingingWhenDead(driverWithFaultPoints(driver, whileAlive), () => passed() >= last),
    undefined,
    undefined,
    (store) => storeWithFaultPoints(store, whileAlive),
  );
  isAlive = true;
  const made = await first.engine.workspaces.create(ADMIN, REQUEST).then(
    () => true,
    () => false,
  );
  const isReady = made && (await settles(first.engine.workspaces, () => passed() >= last));
  await first.stop();
  isAlive = false;

  const next = await installation.start();
  const known = await next.store.workspaces.list({ limit: 9, after: null });
  if (known.length === 0) {
    expect(made).toBe(false);
    expect(await next.store.vms.list({ limit: 9, after: null })).toEqual([]);
    return null;
  }
  const seen = await next.engine.workspaces.wait(ADMIN, 'desk', 'settled', soon);
  const [clones, log] = [await readText(next, '/var/log/clones'), await readText(next, '/root/log')];
  const { items } = await next.engine.executions.list(ADMIN, { limit: 9, after: null });
  await next.engine.workspaces.delete(ADMIN, 'desk');
  await next.engine.workspaces.wait(ADMIN, 'desk', 'absent', soon);
  return {
    ...{ status: seen?.status, clones, log, isReady },
    ...{ executions: items.length, left: installation.world.vms.size, passed: passed() },
  };
}

async function readText({ engine }: TestServer, path: string): Promise<string> {
  const { content } = await engine.files.read(ADMIN, 'desk', path, soon);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

/** True when it is ready, false when its server died before. */
async function settles({ wait }: Pick<WorkspaceApi, 'wait'>, isDead: () => boolean): Promise<boolean> {
  for (;;) {
    const patience = { timeoutMs: 30, signal: new AbortController().signal };
    const isReady = await wait(ADMIN, 'desk', 'running', patience).then(
      () => true,
      () => false,
    );
    if (isReady || isDead()) return isReady;
  }
}

it('a server that is killed at any point leaves what the next one brings to its end, each step begun once', async () => {
  let killed = 0;
  for (let last = 1; last < 200; last++) {
    const outcome = await liveThrough(last);
    if (outcome === null) continue;
    const { isReady, passed, ...rest } = outcome;
    expect(rest, `killed at point ${last}`).toEqual({
      ...{ status: 'running', clones: 'https://example.com/acme/shop\n', log: 'one\ntwo\n' },
      ...{ executions: 3, left: 0 },
    });
    if (isReady && passed < last) break;
    killed += 1;
  }
  expect(killed).toBeGreaterThan(20);
}, 600_000);

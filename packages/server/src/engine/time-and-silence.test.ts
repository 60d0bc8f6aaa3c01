import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSystemClock } from '../adapters/system/system-clock.ts';
import type { VmId } from '../domain/ids.ts';
import type { Clock } from '../ports/clock.ts';
import { ADMIN, createInstallation, type Installation, type TestServer } from './installation.test-kit.ts';
import { create, finish, request, soon } from './vm-life.test-kit.ts';

/* Faults that are not told: an agent that says nothing, a wall clock that jumps. */

const HOUR_MS = 3_600_000;
/** An agent is given 5 s to answer. */
const SILENT_MS = 5_000;

/** A clock whose wall time can be set; what is measured goes on as before. */
function jumpingClock(): { readonly clock: Clock; jump(byMs: number): void } {
  const real = createSystemClock();
  let offsetMs = 0;
  return {
    clock: { ...real, now: () => real.now() + offsetMs },
    jump: (byMs) => {
      offsetMs += byMs;
    },
  };
}

let installation: Installation;
let wall: ReturnType<typeof jumpingClock>;

beforeEach(() => {
  wall = jumpingClock();
  installation = createInstallation({ settings: { pingMs: 50, bootMs: 1_500 }, clock: wall.clock });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

async function untilHealth({ engine }: TestServer, wanted: string): Promise<void> {
  const signal = AbortSignal.timeout(SILENT_MS + 10_000);
  const start = (await engine.vms.get(ADMIN, 'bird')).health;
  if (start === wanted) return;
  for await (const page of await engine.events.follow(ADMIN, { after: 0, signal }))
    if (page.some(({ type, data }) => type === 'vm.health_changed' && data['to'] === wanted)) return;
}

async function untilCleared({ world }: Installation, vmId: VmId | undefined): Promise<void> {
  const cleared = Promise.withResolvers<void>();
  const look = (): void => {
    if (vmId !== undefined && world.vms.get(vmId)?.observe().machine.kind === 'absent') cleared.resolve();
  };
  const stop = world.onChange(look);
  look();
  await cleared.promise;
  stop();
}

it('an agent that falls silent makes its VM degraded, ends nothing, and is healthy when it speaks again', async () => {
  const server = await installation.start();
  await create(server, 'bird');
  const { id, incarnation } = await server.engine.vms.get(ADMIN, 'bird');
  const guest = installation.world.vms.get(id)?.machine?.guest;

  guest?.halt();
  await untilHealth(server, 'degraded');
  expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({ status: { phase: 'running' }, incarnation });

  guest?.go();
  await untilHealth(server, 'healthy');
  expect(await server.engine.vms.get(ADMIN, 'bird')).toMatchObject({ status: { phase: 'running' }, incarnation });
});

it.each([HOUR_MS, -HOUR_MS])('a wall clock that jumps by %i ms ends no boot early and none late', async (byMs) => {
  const server = await installation.start();
  const startedMs = performance.now();
  const { operation } = await server.engine.vms.create(ADMIN, request('late', { 'simulate.agent': 'late:700' }));
  const silent = await server.engine.vms.create(ADMIN, request('silent', { 'simulate.agent': 'silent' }));
  await server.engine.vms.wait(ADMIN, 'silent', { phase: 'starting' }, soon);

  wall.jump(byMs);

  expect(await finish(server, operation)).toMatchObject({ state: 'succeeded' });
  expect(await finish(server, silent.operation)).toMatchObject({ error: { reason: 'vm.boot_timeout' } });
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

it.each([HOUR_MS, -HOUR_MS])(
  'a restart that is due comes in its time though the wall clock jumps by %i ms',
  async (byMs) => {
    const server = await installation.start();
    const labels = { 'simulate.ends': 'panicked', 'simulate.ends_after_ms': '50' };
    const { operation } = await server.engine.vms.create(ADMIN, {
      ...request('bird', labels),
      spec: { restartPolicy: 'on-failure' },
    });
    await finish(server, operation);
    const vm = await server.engine.vms.wait(ADMIN, 'bird', { phase: 'failed' }, soon);
    // What is left of the machine is cleared by the first look after its end, which is when the wait begins.
    await untilCleared(installation, vm?.id);

    wall.jump(byMs);

    expect(await server.engine.vms.wait(ADMIN, 'bird', { phase: 'running', incarnation: 2 }, soon)).not.toBeNull();
  },
);

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { VmId } from '../../domain/ids.ts';
import type { Store } from '../../ports/store.ts';
import { ADMIN, type Installation, type TestServer } from '../installation.test-kit.ts';
import { create, finish, request, soon } from '../vm-life.test-kit.ts';
import { createWarmHost, createWarmInstallation } from './warm-host.test-kit.ts';

/* Whose machine it is that was taken out of the pool, when the creation that took it fails. */

let installation: Installation;

beforeEach(() => {
  installation = createWarmInstallation({ sweepMs: 100 });
});
afterEach(async () => {
  await installation[Symbol.asyncDispose]();
});

/** A server with a machine that waits, and a store that breaks once when it is told to: before it has committed, or after. */
async function start(): Promise<{
  readonly server: TestServer;
  readonly spare: VmId;
  readonly breakOnce: (when: 'before' | 'after') => void;
}> {
  const host = createWarmHost();
  let breaks: 'before' | 'after' | null = null;
  const wrapStore = (store: Store): Store => ({
    ...store,
    async transaction(work) {
      // Only a creation asks what was promised to others.
      let isCreation = false;
      const done = await store.transaction(async (tables) => {
        const vms = {
          ...tables.vms,
          promised: async () => {
            isCreation = breaks !== null;
            return await tables.vms.promised();
          },
        };
        const result = await work({ ...tables, vms });
        if (isCreation && breaks === 'before') throw broken();
        return result;
      });
      if (isCreation) {
        breaks = null;
        throw broken();
      }
      return done;
    },
  });
  const server = await installation.start(host.wrap, undefined, undefined, wrapStore);
  await create(server, 'first');
  await expect.poll(() => host.spares.size, { timeout: 10_000 }).toBe(1);
  const [spare] = host.spares;
  if (spare === undefined) throw new Error('there is no spare');
  return {
    server,
    spare,
    breakOnce: (when) => {
      breaks = when;
    },
  };
}

const broken = (): Error => new Error('the connection to the database broke');

test('it goes back to the pool when no VM was stored, and the next VM is given it', { timeout: 20_000 }, async () => {
  const { server, spare, breakOnce } = await start();
  breakOnce('before');

  await expect(server.engine.vms.create(ADMIN, request('second'))).rejects.toThrow('broke');
  breakOnce('after');
  await expect(server.engine.vms.create(ADMIN, request('third'))).rejects.toThrow('broke');

  expect((await server.engine.vms.get(ADMIN, 'third')).id).toBe(spare);
});

test("it is the VM's once that is stored, whatever its creator was told", { timeout: 20_000 }, async () => {
  const { server, spare, breakOnce } = await start();
  breakOnce('after');

  await expect(server.engine.vms.create(ADMIN, request('second'))).rejects.toThrow('broke');

  // Nobody else is given it, nor is it ended for want of use; its VM comes to be by the next look.
  const third = await server.engine.vms.create(ADMIN, request('third'));
  expect(third.vm.id).not.toBe(spare);
  await finish(server, third.operation);
  const second = await server.engine.vms.wait(ADMIN, 'second', { phase: 'running' }, soon);
  expect(second).toMatchObject({ id: spare, incarnation: 1, status: { phase: 'running' } });
});

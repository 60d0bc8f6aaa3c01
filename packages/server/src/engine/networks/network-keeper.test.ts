import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSimulatedNetworks } from '../../adapters/networks/simulated-networks.ts';
import { createManualClock, type ManualClock } from '../../adapters/shared/manual-clock.ts';
import { createSqliteStore } from '../../adapters/stores/sqlite/sqlite-store.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import type { Networks } from '../../ports/networks.ts';
import type { Store } from '../../ports/store.ts';
import { createNetworkKeeper, type NetworkKeeper } from './network-keeper.ts';

let directory: string;
let store: Store;
let clock: ManualClock;
let keeper: NetworkKeeper;
/** Whether the host takes what it is told, time after time; all after the last go well. */
let outcomes: ('fails' | 'goes well')[];
let applied: PromiseWithResolvers<void>;
/** What is logged, line by line. */
let told: PromiseWithResolvers<string>;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-networks-'));
  store = await createSqliteStore({ path: join(directory, 'volary.db') });
  clock = createManualClock();
  applied = Promise.withResolvers<void>();
  told = Promise.withResolvers<string>();
  const simulated = createSimulatedNetworks();
  const networks: Networks = {
    ...simulated,
    async apply(plan, options) {
      if (outcomes.shift() === 'fails') throw new Error('the host has no memory left');
      await simulated.apply(plan, options);
      applied.resolve();
    },
  };
  const log = createPinoLog({ level: 'error', stream: { write: (line: string) => told.resolve(line) } });
  keeper = createNetworkKeeper({ store, networks, clock, log });
});
afterEach(async () => {
  await keeper.stop();
  await store[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

it('tries what the host did not take again by itself, until it does', async () => {
  outcomes = ['fails', 'fails', 'fails'];

  keeper.refresh();

  for (const waitMs of [500, 1_000, 2_000]) {
    expect(await told.promise).toContain('the networks of the host could not be changed');
    told = Promise.withResolvers<string>();
    expect(keeper.whyNot()).toMatch(/after (1 try|[23] tries); they are tried again/);
    await clock.advance(waitMs);
  }
  await applied.promise;
  expect(outcomes).toEqual([]);
  await clock.advance(0);
  expect(keeper.whyNot()).toBeNull();
});

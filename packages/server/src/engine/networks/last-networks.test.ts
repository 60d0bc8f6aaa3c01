import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSimulatedNetworks } from '../../adapters/networks/simulated-networks.ts';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemClock } from '../../adapters/system/system-clock.ts';
import type { Networks } from '../../ports/networks.ts';
import { createInstallation, type Installation, type TestServer } from '../installation.test-kit.ts';
import { createNetworkKeeper } from './network-keeper.ts';

let installation: Installation;
let server: TestServer;
const log = createPinoLog({ level: 'error' });

beforeEach(async () => {
  installation = createInstallation({});
  server = await installation.start();
});
afterEach(() => installation[Symbol.asyncDispose]());

/** Networks that take as long as it is said, and what was applied to the end. */
function slowNetworks(): { readonly networks: Networks; readonly go: () => void; readonly applied: () => number } {
  const gate = Promise.withResolvers<void>();
  let applied = 0;
  return {
    go: () => gate.resolve(),
    applied: () => applied,
    networks: {
      ...createSimulatedNetworks(),
      async apply(_plan, { signal }) {
        const aborted = new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
        });
        await Promise.race([gate.promise, aborted]);
        applied += 1;
      },
    },
  };
}

describe('a server that stops', () => {
  it('has applied before what had changed', async () => {
    const { networks, go, applied } = slowNetworks();
    const keeper = createNetworkKeeper({ store: server.store, networks, clock: createSystemClock(), log });
    keeper.refresh();

    const stopped = keeper.stop();
    go();
    await stopped;

    expect(applied()).toBe(1);
  });

  it('does not wait for ever for a host that does not answer', async () => {
    const { networks, applied } = slowNetworks();
    const clock = createManualClock();
    const keeper = createNetworkKeeper({ store: server.store, networks, clock, log });
    keeper.refresh();

    const stopped = keeper.stop();
    await clock.advance(5_000);
    await stopped;

    expect(applied()).toBe(0);
  });
});

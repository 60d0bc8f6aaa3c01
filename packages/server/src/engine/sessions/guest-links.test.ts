import { expect, it } from 'vitest';
import { createSimulatedDriver } from '../../adapters/drivers/simulated/simulated-driver.ts';
import { makeMachine } from '../../adapters/drivers/simulated/simulated-machine.fixture.ts';
import { createSimulatedWorld } from '../../adapters/drivers/simulated/simulated-world.ts';
import { createManualClock } from '../../adapters/shared/manual-clock.ts';
import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createGuestLinks } from './guest-links.ts';

const options = { signal: new AbortController().signal };
const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });

it('who waits for a guest whose machine is ended meanwhile is told so', async () => {
  const driver = createSimulatedDriver({ world: createSimulatedWorld({ clock: createManualClock() }) });
  const machine = makeMachine({ 'simulate.agent': 'silent' });
  await driver.createDisk(machine, options);
  await driver.startMachine(machine, options);
  const links = createGuestLinks({ driver, log });
  const opening = links.open(machine.vmId, options);

  await links.drop(machine.vmId);

  await expect(opening).rejects.toMatchObject({ code: 'unavailable', reason: 'guest.link_lost' });
});

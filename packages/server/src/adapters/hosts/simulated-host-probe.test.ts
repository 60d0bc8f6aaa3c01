import { describe, expect, it } from 'vitest';
import { createHostProbe } from './host-probe.ts';
import { createSimulatedHostProbe } from './simulated-host-probe.ts';

describe('the probe of a simulated host', () => {
  it('says what was said of the host, all of it free, and measures the rest', async () => {
    const real = await createHostProbe({ dataDir: '/' }).measure();

    const facts = await createSimulatedHostProbe(createHostProbe({ dataDir: '/' }), { memoryMib: 1_048_576 }).measure();

    expect(facts).toMatchObject({ memoryMib: 1_048_576, memoryAvailableMib: 1_048_576 });
    expect(facts).toMatchObject({ cpuCount: real.cpuCount, diskGib: real.diskGib, bootId: real.bootId });
  });

  it('has as many processors and as much disk as was said', async () => {
    const probe = createSimulatedHostProbe(createHostProbe({ dataDir: '/' }), { cpuCount: 64, diskGib: 100_000 });

    expect(await probe.measure()).toMatchObject({ cpuCount: 64, diskGib: 100_000, diskAvailableGib: 100_000 });
  });

  it('is full where the disk is that really holds everything', async () => {
    const real = createHostProbe({ dataDir: '/' });
    const full = { measure: async () => ({ ...(await real.measure()), diskAvailableGib: 0.01 }) };

    expect(await createSimulatedHostProbe(full, { diskGib: 100_000 }).measure()).toMatchObject({
      ...{ diskGib: 100_000, diskAvailableGib: 0.01 },
    });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import { ENGINE_DEFAULTS } from '../deps.ts';
import { admitDisk, admitMachines, admitMemory } from './admission.ts';

const { limits } = ENGINE_DEFAULTS;
const facts: HostFacts = {
  hostname: 'box',
  cpuCount: 2,
  memoryMib: 8_192,
  memoryAvailableMib: 6_144,
  diskGib: 100,
  diskAvailableGib: 50,
  bootId: 'b',
  kernelVersion: '6.1',
};

describe('admission', () => {
  it('tells how many machines alike there is room for, when it is not all', () => {
    const many = { memoryMib: 512, diskGib: 8 };
    const promised = { vmCount: 0, poweredCount: 0, memoryMib: 0, diskGib: 0 };
    const room = Math.floor((facts.memoryAvailableMib - limits.memoryReserveMib) / (512 + limits.memoryOverheadMib));

    expect(() => admitMachines({ ...many, count: room }, facts, promised, limits)).not.toThrow();
    const refused = catchError(() => admitMachines({ ...many, count: 5_000 }, facts, promised, limits));
    expect(refused).toMatchObject({ reason: 'host.no_memory', details: { wanted_count: 5_000, room_count: room } });
    expect(refused.message).toContain(`room for ${room}.`);
    const full = catchError(() => admitMachines({ memoryMib: 1, diskGib: 40, count: 99 }, facts, promised, limits));
    expect(full).toMatchObject({ reason: 'host.no_disk', details: { room_count: 2.5 * limits.diskOvercommit } });
  });

  it('refuses memory that was promised to others, with the figures', () => {
    const refused = catchError(() => admitMemory(1_024, facts, { memoryMib: 7_168, poweredCount: 3 }, limits));

    expect(refused).toMatchObject({ code: 'resource_exhausted', reason: 'host.no_memory' });
    expect(refused.details).toEqual({
      field: 'memory_mib',
      wanted_mib: 1_024,
      free_mib: 512,
      promised_mib: 7_168,
      host_mib: 8_192,
    });
    expect(refused.message).toContain('512 MiB');
  });

  it('refuses memory that is not there now, whatever was promised', () => {
    expect(() => admitMemory(6_000, facts, { memoryMib: 0, poweredCount: 0 }, limits)).toThrow('5632 MiB');
  });

  it('never lets promises pass the host less its reserve', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 128, max: 4_096 }), { maxLength: 30 }), (wishes) => {
        const ample = { ...facts, memoryAvailableMib: facts.memoryMib };
        let promised = 0;
        for (const wish of wishes) {
          try {
            admitMemory(wish, ample, { memoryMib: promised, poweredCount: 0 }, limits);
            promised += wish;
          } catch (error) {
            expect(error).toBeInstanceOf(VolaryError);
          }
        }

        expect(promised).toBeLessThanOrEqual(facts.memoryMib - limits.memoryReserveMib);
      }),
    );
  });

  it('counts what each machine takes besides', () => {
    const heavy = { ...limits, memoryOverheadMib: 100 };
    const two = { memoryMib: 1_000, poweredCount: 2 };

    expect(() => admitMemory(5_532, facts, two, heavy)).not.toThrow();
    expect(() => admitMemory(5_533, facts, two, heavy)).toThrow('5532 MiB');
    const refused = catchError(() => admitMemory(1, facts, { memoryMib: 7_380, poweredCount: 2 }, heavy));
    expect(refused.details).toMatchObject({ free_mib: 0, promised_mib: 7_580 });
  });

  it('lets thin disks promise more than there is, but none more than is free', () => {
    expect(() => admitDisk(40, facts, { diskGib: 200 }, limits)).not.toThrow();
    expect(() => admitDisk(50, facts, { diskGib: 0 }, limits)).toThrow('49 GiB');
    expect(() => admitDisk(40, facts, { diskGib: 390 }, limits)).toThrow('10 GiB');
  });
});

function catchError(act: () => void): VolaryError {
  try {
    act();
  } catch (error) {
    if (error instanceof VolaryError) return error;
  }
  throw new Error('nothing was refused');
}

import { describe, expect, it } from 'vitest';
import { readSimulatedHost } from './simulated-host.ts';

describe('what a simulated host is said to have', () => {
  it('is told by name, and nothing else of it is', () => {
    const read = (simulatedHost: string | null) => readSimulatedHost({ simulatedHost, driver: 'simulated' });

    expect(read(null)).toBeNull();
    expect(read('memory_mib: 1048576')).toEqual({ memoryMib: 1_048_576 });
    expect(read('cpus: 64, memory_mib: 1024, disk_gib: 100')).toEqual({ cpuCount: 64, memoryMib: 1_024, diskGib: 100 });
    expect(() => read('memory: 1')).toThrow('cpus, memory_mib, disk_gib');
    expect(() => read('cpus: 0')).toThrow('simulated_host.cpus is "0"');
  });

  it('is not said of a host with real VMs', () => {
    expect(() => readSimulatedHost({ simulatedHost: 'cpus: 64', driver: 'qemu' })).toThrow('only for the simulated');
    expect(() => readSimulatedHost({ simulatedHost: 'cpus: 64', driver: null })).toThrow('only for the simulated');
  });
});

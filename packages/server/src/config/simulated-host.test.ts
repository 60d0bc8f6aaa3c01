import { describe, expect, it } from 'vitest';
import { readConfig } from './config.ts';

async function read(VOLARY_SIMULATED_HOST: string, VOLARY_DRIVER = 'simulated') {
  return (await readConfig([], { VOLARY_DRIVER, VOLARY_SIMULATED_HOST })).simulatedHost;
}

describe('what a simulated host is said to have', () => {
  it('is told by name, and nothing else of it is', async () => {
    expect(await read('')).toBeNull();
    expect(await read('memory_mib: 1048576')).toEqual({ memoryMib: 1_048_576 });
    expect(await read('cpus: 64, memory_mib: 1024, disk_gib: 100')).toEqual({
      cpuCount: 64,
      memoryMib: 1_024,
      diskGib: 100,
    });
    await expect(read('memory: 1')).rejects.toThrow('cpus, memory_mib, disk_gib');
    await expect(read('cpus: 0')).rejects.toThrow('simulated_host.cpus is "0"');
  });

  it('is not said of a host with real VMs', async () => {
    await expect(read('cpus: 64', 'qemu')).rejects.toThrow('only for the simulated');
    await expect(read('cpus: 64', '')).rejects.toThrow('only for the simulated');
  });
});

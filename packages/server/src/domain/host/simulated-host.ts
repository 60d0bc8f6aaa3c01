import type { Host } from './host.ts';

/** What a host of simulated VMs is said to have; absent: what this machine has. */
export type SimulatedHost = Partial<Pick<Host, 'cpuCount' | 'memoryMib' | 'diskGib'>>;

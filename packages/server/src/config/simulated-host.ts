import type { SimulatedHost } from '../domain/host/simulated-host.ts';
import type { Settings } from './settings.ts';
import { count, invalidSetting, oneOf } from './values.ts';

const FIGURES = { cpus: 'cpuCount', memory_mib: 'memoryMib', disk_gib: 'diskGib' } as const;
const WORDS = ['cpus', 'memory_mib', 'disk_gib'] as const;
const MOST = 1_000_000_000;

/**
 * `cpus: 64, memory_mib: 1048576`: what the host of simulated VMs is said to have; what is not named is as this machine has it. Null where nothing
 * was said. Throws `invalid_argument` config.invalid, also where real VMs would be admitted by it.
 */
export function readSimulatedHost(settings: Settings): SimulatedHost | null {
  const text = settings.text('simulatedHost');
  if (text === null) return null;
  if (settings.text('driver') !== 'simulated')
    throw invalidSetting(
      'simulated_host',
      'simulated_host is only for the simulated driver: real VMs take real memory.',
    );
  const host: { -readonly [Figure in keyof SimulatedHost]: number } = {};
  for (const entry of text.split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...rest] = entry.split(':');
    const word = oneOf('simulated_host', name.trim(), WORDS);
    host[FIGURES[word]] = count(`simulated_host.${word}`, rest.join(':').trim(), 1, MOST);
  }
  return host;
}

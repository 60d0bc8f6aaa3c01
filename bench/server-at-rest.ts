import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './lib/benchmark.ts';
import { cpuTicks, residentMib } from './lib/process-usage.ts';
import { startServer } from './lib/server.ts';

/** How long the server is left alone before it is looked at. */
const REST_MS = 10_000;

/** Memory and CPU of a server that has nothing to do. */
export const serverAtRest: Benchmark = {
  name: 'server-at-rest',
  about: `resident memory of a server ${REST_MS / 1000} s after its start, and the CPU it uses meanwhile`,
  async run(say) {
    await using server = await startServer();
    say(`waiting ${REST_MS / 1000} s`);
    const before = cpuTicks(server.pid);
    await sleep(REST_MS);
    const cpuPercent = ((cpuTicks(server.pid) - before) * 10 * 100) / REST_MS;
    return [
      {
        name: 'resident memory',
        value: residentMib(server.pid),
        unit: 'MiB',
        bound: { kind: 'at most', value: 120, of: 'value' },
      },
      { name: 'CPU', value: cpuPercent, unit: '% of a core', bound: { kind: 'at most', value: 2, of: 'value' } },
    ];
  },
};

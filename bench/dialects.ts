import { createClient } from '@volary/sdk';
import autocannon from 'autocannon';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { startServer } from './lib/server.ts';
import { median } from './lib/stats.ts';

const WORKSPACES = 50;
const ROUNDS = 5;
const ROUND_S = 2;
const CONNECTIONS = 20;
const HOST = 'cpus: 64, memory_mib: 1048576, disk_gib: 1048576';

/** A route of a dialect, and that of /v1 that tells the same. */
interface Pair {
  readonly name: string;
  readonly dialect: string;
  readonly native: string;
}

const PAIRS: readonly Pair[] = [
  { name: 'vm-api: list of 50 workspaces', dialect: '/vm-api/api/v1/workspaces', native: '/v1/workspaces?limit=50' },
  { name: 'vm-api: health', dialect: '/vm-api/health', native: '/healthz' },
];

/** What it costs to be asked in another's words. */
export const dialects: Benchmark = {
  name: 'dialects',
  about: `routes of the dialects beside those of /v1 that tell the same; ${CONNECTIONS} connections, median of ${ROUNDS} rounds of ${ROUND_S} s, taken in turns`,
  async run(say) {
    await using server = await startServer(['--driver', 'simulated'], undefined, {
      VOLARY_SIMULATED_HOST: HOST,
      VOLARY_RATE_LIMIT: 'off',
    });
    const client = createClient({ baseUrl: server.url, apiKey: server.key });
    for (let i = 0; i < WORKSPACES; i++)
      await client.workspaces.create({ name: `w-${i}`, memory_mib: 128, disk_gib: 1 });
    for (let i = 0; i < WORKSPACES; i++) await client.workspaces.wait(`w-${i}`);
    const headers = { authorization: `Bearer ${server.key}` };
    const figures: Figure[] = [];
    for (const { name, dialect, native } of PAIRS) {
      const theirs: number[] = [];
      const ours: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        say(`${name}, round ${round} of ${ROUNDS}`);
        theirs.push(await requestsPerSecond(server.url + dialect, headers));
        ours.push(await requestsPerSecond(server.url + native, headers));
      }
      figures.push({
        name,
        value: median(theirs),
        unit: 'requests/s',
        reference: { name: `the same of /v1 (${native})`, value: median(ours) },
        bound: { kind: 'at least', value: 0.85, of: 'ratio' },
      });
    }
    return figures;
  },
};

async function requestsPerSecond(url: string, headers: Record<string, string>): Promise<number> {
  const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: ROUND_S });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${result.non2xx} answers were no 2xx, ${result.errors} failed`);
  return result.requests.average;
}

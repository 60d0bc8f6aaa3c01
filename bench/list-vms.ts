import autocannon from 'autocannon';
import type { Benchmark } from './lib/benchmark.ts';
import { fillWithVms } from './lib/fill-with-vms.ts';
import { startServer } from './lib/server.ts';
import { startBareRoute } from './lib/start-bare-route.ts';
import { median } from './lib/stats.ts';

const VM_COUNT = 10_000;
const ROUNDS = 5;
const ROUND_S = 3;
const CONNECTIONS = 20;

/** A list of fifty VMs out of ten thousand, beside a route that does nothing but send the same bytes. */
export const listVms: Benchmark = {
  name: 'list-vms',
  about: `GET /v1/vms?limit=50 with ${VM_COUNT} VMs, beside a bare Fastify route that sends the same bytes; ${CONNECTIONS} connections, median of ${ROUNDS} rounds of ${ROUND_S} s, taken in turns`,
  async run(say) {
    await using server = await startServer(['--driver', 'simulated'], fillWithVms(VM_COUNT));
    const url = `${server.url}/v1/vms?limit=50`;
    const headers = { authorization: `Bearer ${server.key}` };
    const body = await (await fetch(url, { headers })).text();
    const bare = await startBareRoute(body);
    try {
      const ours: number[] = [];
      const theirs: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        say(`round ${round} of ${ROUNDS}`);
        ours.push(await requestsPerSecond(url, headers));
        theirs.push(await requestsPerSecond(bare.url, {}));
      }
      return [
        {
          name: 'list of 50',
          value: median(ours),
          unit: 'requests/s',
          reference: { name: 'bare route', value: median(theirs) },
          bound: { kind: 'at least', value: 0.6, of: 'ratio' },
        },
      ];
    } finally {
      await bare.stop();
    }
  },
};

async function requestsPerSecond(url: string, headers: Record<string, string>): Promise<number> {
  const result = await autocannon({ url, headers, connections: CONNECTIONS, duration: ROUND_S });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${result.non2xx} answers were no 2xx, ${result.errors} failed`);
  return result.requests.average;
}

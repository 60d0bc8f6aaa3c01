import type { ProbedPath } from './lib/api-prober.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { startLineChild } from './lib/line-child.ts';
import { cpuTicks } from './lib/process-usage.ts';
import { takeTurns } from './lib/rounds.ts';
import { startServer } from './lib/server.ts';
import { startBareRoute } from './lib/start-bare-route.ts';

const VMS = 1_000;
const ROUNDS = 15;
const BOUND_MS = 100;
/** How often something else is asked for meanwhile, milliseconds. */
const ASKED_EVERY_MS = 20;
/** Scrapes in a row that its time of processors is measured over: it is told in hundredths of a second. */
const IN_A_ROW = 20;
const HOST = 'cpus: 64, memory_mib: 1048576, disk_gib: 1048576';

/** What a monitoring system asks for every few seconds. */
export const scrape: Benchmark = {
  name: 'scrape',
  about: `GET /metrics with ${VMS} simulated VMs that run and are measured, beside a bare Fastify route that sends the same bytes, while another process asks for a VM every ${ASKED_EVERY_MS} ms; median of ${ROUNDS} rounds, in turns`,
  async run(say, { limit, rounds }) {
    const replicas = Math.min(VMS, limit ?? VMS);
    await using server = await startServer(['--driver', 'simulated'], undefined, { VOLARY_SIMULATED_HOST: HOST });
    const { deployments, metrics } = server.client;
    await deployments.create({ name: 'many', replicas, replica: { memory_mib: 128, disk_gib: 1 } });
    await deployments.wait('many', { timeoutSeconds: 300 });
    const body = await whenMeasured(() => metrics.scrape(), replicas);
    say(`${replicas} VMs are measured: ${body.length} bytes`);
    const bare = await startBareRoute(body);
    const prober = startLineChild(new URL('./lib/api-prober.ts', import.meta.url), [
      server.key,
      String(ASKED_EVERY_MS),
      `${server.url}/v1/vms/many-1`,
    ]);
    try {
      await prober.line();
      const medians = await takeTurns(
        [
          { name: 'scrape', run: () => timed(() => metrics.scrape()) },
          { name: 'bare', run: () => timed(async () => (await fetch(bare.url)).text()) },
        ],
        { rounds: rounds ?? ROUNDS, say },
      );
      prober.close();
      const ticksBefore = cpuTicks(server.pid);
      for (let i = 0; i < IN_A_ROW; i++) await metrics.scrape();
      const cpuMs = ((cpuTicks(server.pid) - ticksBefore) * 10) / IN_A_ROW;
      const probed: readonly ProbedPath[] = JSON.parse(await prober.line());
      return [
        {
          name: `GET /metrics of ${replicas} VMs`,
          value: medians.get('scrape') ?? Number.NaN,
          unit: 'ms',
          reference: { name: 'bare route', value: medians.get('bare') ?? Number.NaN },
          bound: { kind: 'at most', value: BOUND_MS, of: 'value' },
        },
        { name: 'CPU of one scrape', value: cpuMs, unit: 'ms' },
        ...probed.map(({ path, count, p99Ms }) => ({
          name: `GET ${path} meanwhile, p99 of ${count}`,
          value: p99Ms,
          unit: 'ms',
        })),
      ];
    } finally {
      await prober.end();
      await bare.stop();
    }
  },
};

/** The first answer that tells of so many guests. */
async function whenMeasured(ask: () => Promise<string>, count: number): Promise<string> {
  for (;;) {
    const text = await ask();
    if (text.split('\nvolary_vm_uptime_seconds{').length > count) return text;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

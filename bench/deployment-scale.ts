import type { ProbedPath } from './lib/api-prober.ts';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { startLineChild } from './lib/line-child.ts';
import { cpuTicks, residentMib } from './lib/process-usage.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median, round } from './lib/stats.ts';

const REPLICAS = 1_000;
const ROUNDS = 3;
/** How often each of the paths is asked for, milliseconds. */
const ASKED_EVERY_MS = 50;
const BOUND_MS = 10_000;
const P99_MS = 50;
/** Ample for so many; the machine that measures need not have it. */
const HOST = 'cpus: 64, memory_mib: 1048576, disk_gib: 1048576';

/** A thousand replicas from none and back, while others ask the same server. */
export const deploymentScale: Benchmark = {
  name: 'deployment-scale',
  about: `a deployment of simulated replicas from 0 to ${REPLICAS} ready and back to none, while another process asks for a VM, the deployment and a page of 100 VMs every ${ASKED_EVERY_MS} ms each; median of ${ROUNDS} rounds`,
  async run(say, { limit, rounds }) {
    const replicas = Math.min(REPLICAS, limit ?? REPLICAS);
    await using server = await startServer(['--driver', 'simulated'], undefined, { VOLARY_SIMULATED_HOST: HOST });
    const { client } = server;
    await client.operations.finish((await client.vms.create({ name: 'beside', memory_mib: 128, disk_gib: 1 })).id);
    await client.deployments.create({ name: 'many', replicas: 0, replica: { memory_mib: 128, disk_gib: 1 } });
    const paths = ['/v1/vms/beside', '/v1/deployments/many', '/v1/vms?limit=100'];
    const asked = [server.key, String(ASKED_EVERY_MS), ...paths.map((path) => `${server.url}${path}`)];
    const prober = startLineChild(new URL('./lib/api-prober.ts', import.meta.url), asked);
    try {
      await prober.line();
      const [up, down]: [number[], number[]] = [[], []];
      for (let number = 1; number <= (rounds ?? ROUNDS); number++) {
        up.push(await scale(server, { to: replicas, say }));
        down.push(await scale(server, { to: 0, say }));
      }
      prober.close();
      const probed: readonly ProbedPath[] = JSON.parse(await prober.line());
      return [
        timed(`0 to ${replicas} ready`, median(up)),
        timed(`${replicas} to none`, median(down)),
        ...probed.flatMap(answered),
      ];
    } finally {
      await prober.end();
    }
  },
};

/** Asks for so many, and waits until all of them are ready and no other is left. How long that takes, milliseconds. */
async function scale(
  { client: { deployments }, pid }: BenchServer,
  { to, say }: { readonly to: number; readonly say: (message: string) => void },
): Promise<number> {
  const startedMs = performance.now();
  const ticksBefore = cpuTicks(pid);
  await deployments.scale('many', to);
  await deployments.wait('many', { timeoutSeconds: 300 });
  const tookMs = performance.now() - startedMs;
  const { ready_replicas: ready, current_replicas: there, leaving_replicas: leaving } = await deployments.get('many');
  if (ready !== to || there !== to || leaving > 0)
    throw new Error(`${ready} of ${to} replicas are ready, ${leaving} leave`);
  const cpuMs = (cpuTicks(pid) - ticksBefore) * 10;
  say(`to ${to}: ${round(tookMs)} ms, ${cpuMs} ms of CPU, ${round(residentMib(pid))} MiB`);
  return tookMs;
}

function timed(name: string, value: number): Figure {
  return { name, value, unit: 'ms', bound: { kind: 'at most', value: BOUND_MS, of: 'value' } };
}

function answered({ path, count, p50Ms, p99Ms, maxMs }: ProbedPath): readonly Figure[] {
  return [
    {
      name: `GET ${path}, p99 of ${count}`,
      value: p99Ms,
      unit: 'ms',
      bound: { kind: 'at most', value: P99_MS, of: 'value' },
    },
    { name: `GET ${path}, median`, value: p50Ms, unit: 'ms' },
    { name: `GET ${path}, longest`, value: maxMs, unit: 'ms' },
  ];
}

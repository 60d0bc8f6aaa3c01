import { execFileSync, spawnSync } from 'node:child_process';
import { linkTo, runTrue } from './lib/agent.ts';
import type { Benchmark, Figure, Omitted } from './lib/benchmark.ts';
import { bootFiles } from './lib/boot-files.ts';
import { dockerContainer } from './lib/docker-container.ts';
import { startByHand } from './lib/hand-written-qemu.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median, round } from './lib/stats.ts';

const ROUNDS = 200;

/** One command over HTTP, beside the same one asked of the agent directly, and beside `docker exec`. */
export const execRoundTrip: Benchmark = {
  name: 'exec-round-trip',
  about: `running true in a guest over HTTP, beside the same over the agent's socket directly (an equal guest, started by hand), and beside docker exec; ${ROUNDS} rounds in turns, medians`,
  async run(say) {
    await using server = await startServer();
    const { files, accelerator } = await bootFiles(server, say);
    await server.client.operations.finish((await server.client.vms.create({ name: 'bench', memory_mib: 256 })).id);
    await using guest = await startByHand(files, accelerator, 256);
    await using link = await linkTo(guest);
    say(`${ROUNDS} rounds`);
    const overHttp: number[] = [];
    const direct: number[] = [];
    for (let i = -10; i < ROUNDS; i++) {
      const httpMs = await time(() => execOverHttp(server));
      const directMs = await time(() => runTrue(link));
      if (i < 0) continue;
      overHttp.push(httpMs);
      direct.push(directMs);
    }
    await server.client.operations.finish((await server.client.vms.delete('bench')).id);
    return [
      {
        name: 'exec of true over HTTP',
        value: median(overHttp),
        unit: 'ms',
        reference: { name: "the agent's socket", value: median(direct) },
        bound: { kind: 'at most', value: 1.5, of: 'ratio' },
      },
      await besideDocker(median(overHttp), say),
    ];
  },
};

/** As a plain HTTP client does it: the whole finished execution in one answer. */
async function execOverHttp({ url, key }: BenchServer): Promise<void> {
  const response = await fetch(`${url}/v1/vms/bench/exec`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, accept: 'application/json', 'content-type': 'application/json' },
    body: '{"argv":["true"]}',
  });
  const execution: { readonly exit_code?: unknown } = JSON.parse(await response.text());
  if (execution.exit_code !== 0) throw new Error(`true ended with ${JSON.stringify(execution)}`);
}

async function besideDocker(oursMs: number, say: (message: string) => void): Promise<Figure | Omitted> {
  const name = 'exec of true, beside docker exec';
  if (spawnSync('docker', ['info'], { stdio: 'ignore' }).status !== 0)
    return { name, omitted: 'no Docker engine answers here' };
  say('the same with docker exec');
  using container = dockerContainer();
  const samples: number[] = [];
  for (let i = 0; i < 30; i++) {
    samples.push(await time(async () => void execFileSync('docker', ['exec', container.id, '/true'])));
  }
  say(`docker exec: ${round(median(samples))} ms`);
  return {
    name,
    value: oursMs,
    unit: 'ms',
    reference: { name: 'docker exec', value: median(samples) },
    bound: { kind: 'at most', value: 1, of: 'ratio' },
  };
}

async function time(act: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await act();
  return performance.now() - begun;
}

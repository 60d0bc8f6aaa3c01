import { linkTo } from './lib/agent.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { bootFiles } from './lib/boot-files.ts';
import { type BootFiles, startByHand } from './lib/hand-written-qemu.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median } from './lib/stats.ts';

const ROUNDS = 20;
const MEMORY_MIB = 256;

/** From asking for a VM to the answer of its first command, beside QEMU started by hand. */
export const coldBoot: Benchmark = {
  name: 'cold-boot',
  about: `POST /v1/vms to the first command answered, beside the same kernel, initramfs and disk started by a hand-written QEMU command until its agent answers; ${ROUNDS} rounds in turns, medians`,
  async run(say) {
    await using server = await startServer();
    const { files, accelerator } = await bootFiles(server, say);
    const ours: number[] = [];
    const byHand: number[] = [];
    // The first of each warms the page cache and is not counted.
    for (let round = 0; round <= ROUNDS; round++) {
      say(`round ${round} of ${ROUNDS}${round === 0 ? ' (not counted)' : ''}`);
      // Each goes first as often as the other: whoever goes second finds what the first has left to be done.
      const isOursFirst = round % 2 === 0;
      const first = isOursFirst ? await timeOurs(server, `cold-${round}`) : await timeByHand(files, accelerator);
      const second = isOursFirst ? await timeByHand(files, accelerator) : await timeOurs(server, `cold-${round}`);
      if (round === 0) continue;
      ours.push(isOursFirst ? first : second);
      byHand.push(isOursFirst ? second : first);
    }
    return [
      {
        name: 'cold boot',
        value: median(ours),
        unit: 'ms',
        reference: { name: 'QEMU by hand', value: median(byHand) },
        bound: { kind: 'at most', value: 1.15, of: 'ratio' },
      },
    ];
  },
};

async function timeOurs({ client }: BenchServer, name: string): Promise<number> {
  const begun = performance.now();
  const { id } = await client.vms.create({ name, memory_mib: MEMORY_MIB, warm: 'never' });
  await client.operations.finish(id);
  await client.executions.run(name, { argv: ['true'] });
  const elapsedMs = performance.now() - begun;
  await client.operations.finish((await client.vms.delete(name)).id);
  return elapsedMs;
}

async function timeByHand(files: BootFiles, accelerator: 'kvm' | 'tcg'): Promise<number> {
  const begun = performance.now();
  await using guest = await startByHand(files, accelerator, MEMORY_MIB);
  await using _link = await linkTo(guest);
  return performance.now() - begun;
}

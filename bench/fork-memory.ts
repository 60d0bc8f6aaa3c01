import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { linkTo } from './lib/agent.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { restoreByHand, type SavedFiles } from './lib/hand-written-restore.ts';
import { proportionalMib } from './lib/process-usage.ts';
import { takeTurns } from './lib/rounds.ts';
import { createVm, startWarmServer, warmTemplate } from './lib/warm-server.ts';

const ROUNDS = 20;
const MEMORY_MIB = 256;
/** What a guest does after it has answered is over by then. */
const IDLE_MS = 3_000;
const BY_HAND = 'restored by hand';

/** Memory of the VMM of a fork that has nothing to do. */
export const forkMemory: Benchmark = {
  name: 'fork-memory',
  about: `memory (PSS) of the VMM of a ${MEMORY_MIB} MiB VM that began from a warm template and has been idle for ${IDLE_MS / 1000} s, beside the same template restored by a hand-written QEMU command and told who it is; one at a time, ${ROUNDS} rounds in turns, medians`,
  async run(say, { rounds }) {
    await using server = await startWarmServer({ poolCount: 0 });
    const template = await warmTemplate(server, { memoryMib: MEMORY_MIB, say });
    const ours = async (): Promise<number> => {
      await using vm = await createVm(server, 'idle', MEMORY_MIB);
      await sleep(IDLE_MS);
      return proportionalMib(vm.pid);
    };
    const medians = await takeTurns(
      [
        { name: 'fork', run: ours },
        { name: BY_HAND, run: () => byHand(template) },
      ],
      { rounds: rounds ?? ROUNDS, say },
    );
    return [
      {
        name: 'memory of an idle fork',
        value: medians.get('fork') ?? Number.NaN,
        unit: 'MiB',
        reference: { name: BY_HAND, value: medians.get(BY_HAND) ?? Number.NaN },
        bound: { kind: 'at most', value: 1.05, of: 'ratio' },
      },
    ];
  },
};

/** The guest does the same as ours: without it, it would write to fewer of its pages. */
async function byHand(template: SavedFiles): Promise<number> {
  await using guest = restoreByHand(template);
  await using link = await linkTo(guest);
  const network = { mac: '52:54:00:00:00:01', ip: '10.0.2.15/24', gateway: '10.0.2.2', dns: '10.0.2.3' };
  const machineId = randomBytes(16).toString('hex');
  const identity = { hostname: 'idle', machineId, wallClockMs: Date.now(), network, entropy: randomBytes(32) };
  await link.identify(identity, { signal: new AbortController().signal });
  await sleep(IDLE_MS);
  return proportionalMib(guest.pid);
}

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from '../test/chaos/server-process.ts';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { cloneVms } from './lib/cloned-vms.ts';
import { cpuTicks } from './lib/process-usage.ts';
import { round } from './lib/stats.ts';

const COUNTS = [1_000, 3_000, 10_000] as const;
const TICK_MS = 10;
/** Longer than anything that is done by a timer at this number of VMs takes to come round. */
const IDLE_MS = 110_000;
/** So long without much work is the end of what was found at the start. */
const QUIET = { forMs: 2_000, ticks: 6 } as const;

interface Measured {
  readonly count: number;
  /** From the start until all VMs have been looked at: the processor's time. */
  readonly passMs: number;
  readonly idlePercent: number;
}

/** What VMs cost that do nothing. */
export const reconcileCost: Benchmark = {
  name: 'reconcile-cost',
  about: `a server that is started on ${COUNTS.join(', ')} simulated VMs, which run: processor time until it has looked at all of them, less what one with a single VM takes; and what it takes in the ${IDLE_MS / 1_000} s after that`,
  async run(say, { limit }) {
    await measure(1, 0);
    const bare = await measure(1, 0);
    say(`1 VM: ${bare.passMs} ms from the start`);
    const all: Measured[] = [];
    for (const count of COUNTS.filter((each) => each <= (limit ?? each))) {
      const whole = await measure(count, IDLE_MS);
      const measured = { ...whole, passMs: whole.passMs - bare.passMs };
      say(`${count} VMs: a pass ${measured.passMs} ms, idle ${round(measured.idlePercent)} %`);
      all.push(measured);
    }
    return all.flatMap((each) => figures(each, all[0]));
  },
};

function figures({ count, passMs, idlePercent }: Measured, first: Measured | undefined): readonly Figure[] {
  const perVm = passMs / count;
  const reference = { name: `with ${first?.count}`, value: (first?.passMs ?? 0) / (first?.count ?? 1) };
  return [
    {
      name: `one pass over ${count} VMs`,
      value: passMs,
      unit: 'ms',
      bound: { kind: 'at most', value: 2_000, of: 'value' },
    },
    {
      name: `for each of ${count}`,
      value: perVm,
      unit: 'ms',
      reference,
      bound: { kind: 'at most', value: 1.5, of: 'ratio' },
    },
    {
      name: `idle with ${count} VMs`,
      value: idlePercent,
      unit: '% of a core',
      bound: { kind: 'at most', value: 3, of: 'value' },
    },
  ];
}

async function measure(count: number, idleMs: number): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'volary-bench-'));
  chmodSync(directory, 0o711);
  // What is made ahead of VMs is not counted.
  const env = { VOLARY_WARM_TEMPLATES: 'off' };
  const options = { dataDir: join(directory, 'data'), driver: 'simulated', env } as const;
  const first = startServer(options);
  try {
    const client = await first.ready();
    if (client === null) throw new Error(`the server ended at its start: ${await first.died}`);
    await client.operations.finish(
      (await client.vms.create({ name: 'vm', memory_mib: 128, disk_gib: 1, warm: 'never' })).id,
    );
    await first.stop();
    await cloneVms(options.dataDir, { like: 'vm', count: count - 1 });
    const server = startServer(options);
    try {
      if ((await server.ready()) === null) throw new Error(`the server ended at its start: ${await server.died}`);
      const passMs = TICK_MS * (await untilQuiet(server.pid));
      const before = cpuTicks(server.pid);
      await sleep(idleMs);
      return { count, passMs, idlePercent: (100 * TICK_MS * (cpuTicks(server.pid) - before)) / Math.max(1, idleMs) };
    } finally {
      await server.stop();
    }
  } finally {
    await first.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The ticks that it has taken when it has become quiet. */
async function untilQuiet(pid: number): Promise<number> {
  for (let before = cpuTicks(pid); ; ) {
    await sleep(QUIET.forMs);
    const now = cpuTicks(pid);
    if (now - before <= QUIET.ticks) return before;
    before = now;
  }
}

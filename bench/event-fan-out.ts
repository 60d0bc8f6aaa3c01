import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark } from './lib/benchmark.ts';
import type { ReaderReport } from './lib/event-readers.ts';
import { startLineChild } from './lib/line-child.ts';
import { cpuTicks, residentMib } from './lib/process-usage.ts';
import { startServer } from './lib/server.ts';

const READERS = 1_000;
/** A VM is paused or resumed so often, which is so many events each time. */
const CHANGES = 60;
const CHANGE_EVERY_MS = 250;
const EVENTS_A_CHANGE = 5;
const QUIET_MS = 1_500;

interface Measured extends ReaderReport {
  readonly mostMib: number;
  /** CPU time of the server for a thousand events that came to a reader. */
  readonly cpuMsPerThousand: number;
}

/** How long an event takes to a thousand who follow. */
export const eventFanOut: Benchmark = {
  name: 'event-fan-out',
  about: `${READERS} streams of events, read by another process, while a VM is paused and resumed ${1000 / CHANGE_EVERY_MS} times a second, beside a bare server that writes as many frames to as many`,
  async run(say) {
    say(`${READERS} readers of a server`);
    const ours = await measureServer();
    say(`${READERS} readers of a bare server`);
    const bare = await measureBare();
    for (const { fewest, most, hasGaps } of [ours, bare]) {
      if (fewest !== most || hasGaps) throw new Error(`readers had ${fewest} to ${most} events, gaps: ${hasGaps}`);
    }
    return [
      {
        name: `time to a reader, p99 of ${ours.most * READERS}`,
        value: ours.p99Ms,
        unit: 'ms',
        reference: { name: 'bare server', value: bare.p99Ms },
        bound: { kind: 'at most', value: 250, of: 'value' },
      },
      {
        name: 'time to a reader, median',
        value: ours.p50Ms,
        unit: 'ms',
        reference: { name: 'bare server', value: bare.p50Ms },
        bound: { kind: 'at most', value: 250, of: 'value' },
      },
      {
        name: 'resident memory at most',
        value: ours.mostMib,
        unit: 'MiB',
        reference: { name: 'bare server', value: bare.mostMib },
        bound: { kind: 'at most', value: 300, of: 'value' },
      },
      {
        name: 'CPU of the server for 1,000 events delivered',
        value: ours.cpuMsPerThousand,
        unit: 'ms',
        reference: { name: 'bare server', value: bare.cpuMsPerThousand },
        bound: { kind: 'at most', value: 3, of: 'ratio' },
      },
    ];
  },
};

async function measureServer(): Promise<Measured> {
  await using server = await startServer(['--driver', 'simulated']);
  const { vms, operations } = server.client;
  await operations.finish((await vms.create({ name: 'bird', warm: 'never' })).id);
  let isPaused = false;
  return await measure({ url: `${server.url}/v1/events`, key: server.key, pid: server.pid }, async () => {
    const { id } = isPaused ? await vms.resume('bird') : await vms.pause('bird');
    isPaused = !isPaused;
    await operations.finish(id);
  });
}

async function measureBare(): Promise<Measured> {
  const bare = startLineChild(new URL('./lib/bare-fan-out.ts', import.meta.url), []);
  try {
    const url = await bare.line();
    return await measure({ url, key: 'none', pid: bare.pid }, async () => {
      bare.write(`${EVENTS_A_CHANGE}\n`);
    });
  } finally {
    await bare.end();
  }
}

/** Lets the readers follow while something happens at a steady rate. */
async function measure(
  server: { readonly url: string; readonly key: string; readonly pid: number },
  happen: () => Promise<void>,
): Promise<Measured> {
  const readers = startLineChild(new URL('./lib/event-readers.ts', import.meta.url), [
    server.url,
    server.key,
    String(READERS),
  ]);
  try {
    await readers.line();
    const ticksBefore = cpuTicks(server.pid);
    let mostMib = 0;
    for (let i = 0; i < CHANGES; i++) {
      const startedMs = performance.now();
      await happen();
      mostMib = Math.max(mostMib, residentMib(server.pid));
      await sleep(Math.max(0, CHANGE_EVERY_MS - (performance.now() - startedMs)));
    }
    await sleep(QUIET_MS);
    const cpuMs = (cpuTicks(server.pid) - ticksBefore) * 10;
    readers.close();
    const report: ReaderReport = JSON.parse(await readers.line());
    return { ...report, mostMib, cpuMsPerThousand: (cpuMs * 1_000) / (report.most * READERS) };
  } finally {
    await readers.end();
  }
}

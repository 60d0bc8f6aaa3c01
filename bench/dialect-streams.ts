import { setTimeout as sleep } from 'node:timers/promises';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import type { ReaderReport } from './lib/event-readers.ts';
import { startLineChild } from './lib/line-child.ts';
import { cpuTicks, residentMib } from './lib/process-usage.ts';
import { type BenchServer, startServer } from './lib/server.ts';

const READERS = 1_000;
/** A VM is stopped or started so often. */
const CHANGES = 40;
const CHANGE_EVERY_MS = 250;
const QUIET_MS = 1_500;

/** Where the events of a face are, and what is said first by who follows them. */
interface Stream {
  readonly face: string;
  readonly path: string;
  readonly protocol: 'http' | 'ws';
  readonly message: string;
}

const STREAMS: readonly Stream[] = [
  {
    ...{ face: 'aetherium', path: '/aetherium/api/v1/ws', protocol: 'ws' },
    message: '{"type":"subscribe","topics":["tasks","vms"]}',
  },
  { face: 'novacron', path: '/novacron/v1/ws/events', protocol: 'ws', message: '' },
  { face: 'volant', path: '/volant/api/v1/events/vms', protocol: 'http', message: '' },
];

interface Measured extends ReaderReport {
  readonly mostMib: number;
  readonly cpuMsPerThousand: number;
}

/** How long an event takes to a thousand who follow it in another's words. */
export const dialectStreams: Benchmark = {
  name: 'dialect-streams',
  about: `${READERS} WebSockets or streams of events of each dialect that has some, read by another process, while a VM is stopped and started ${1000 / CHANGE_EVERY_MS} times a second`,
  async run(say) {
    const figures: Figure[] = [];
    for (const stream of STREAMS) {
      say(`${READERS} readers of ${stream.face}`);
      const { fewest, most, hasGaps, p50Ms, p99Ms, mostMib, cpuMsPerThousand } = await measure(stream);
      if (most === 0 || fewest !== most || hasGaps)
        throw new Error(`readers of ${stream.face} had ${fewest} to ${most} events, out of order: ${hasGaps}`);
      figures.push(
        {
          name: `${stream.face}: time to a reader, p99 of ${most * READERS}`,
          ...{ value: p99Ms, unit: 'ms', bound: { kind: 'at most', value: 250, of: 'value' } },
        },
        { name: `${stream.face}: time to a reader, median`, value: p50Ms, unit: 'ms' },
        {
          name: `${stream.face}: resident memory at most`,
          ...{ value: mostMib, unit: 'MiB', bound: { kind: 'at most', value: 300, of: 'value' } },
        },
        { name: `${stream.face}: CPU of the server for 1,000 events delivered`, value: cpuMsPerThousand, unit: 'ms' },
      );
    }
    return figures;
  },
};

async function measure({ path, protocol, message }: Stream): Promise<Measured> {
  await using server = await startServer(['--driver', 'simulated'], undefined, { VOLARY_RATE_LIMITS: 'novacron: off' });
  await server.client.operations.finish((await server.client.vms.create({ name: 'bird', warm: 'never' })).id);
  const url = `${server.url.replace('http', protocol)}${path}`;
  const readers = startLineChild(new URL('./lib/dialect-readers.ts', import.meta.url), [
    ...[url, server.key, String(READERS)],
    ...(message === '' ? [] : [message]),
  ]);
  try {
    await readers.line();
    const before = await lastSequence(server);
    const ticksBefore = cpuTicks(server.pid);
    const mostMib = await stopAndStart(server);
    await sleep(QUIET_MS);
    const cpuMs = (cpuTicks(server.pid) - ticksBefore) * 10;
    readers.write(JSON.stringify(await happenedSince(server, before)));
    readers.close();
    const report: ReaderReport = JSON.parse(await readers.line());
    return { ...report, mostMib, cpuMsPerThousand: (cpuMs * 1_000) / (report.most * READERS) };
  } finally {
    await readers.end();
  }
}

/** At a steady rate; returns what memory the server took at most. */
async function stopAndStart({ client, pid }: BenchServer): Promise<number> {
  let mostMib = 0;
  for (let i = 0; i < CHANGES; i++) {
    const startedMs = performance.now();
    const { id } = i % 2 === 0 ? await client.vms.stop('bird', { force: true }) : await client.vms.start('bird');
    await client.operations.finish(id);
    mostMib = Math.max(mostMib, residentMib(pid));
    await sleep(Math.max(0, CHANGE_EVERY_MS - (performance.now() - startedMs)));
  }
  return mostMib;
}

async function lastSequence({ client }: BenchServer): Promise<number> {
  let last = 0;
  for (let after: number | null = 0; after !== null; ) {
    const { items } = await client.events.list({ after, limit: 200 });
    after = items.at(-1)?.sequence ?? null;
    last = after ?? last;
  }
  return last;
}

/** When each event happened: the dialects tell it in whole seconds. */
async function happenedSince({ client }: BenchServer, before: number): Promise<Readonly<Record<number, number>>> {
  const happenedAt: Record<number, number> = {};
  for (let after: number | null = before; after !== null; ) {
    const { items } = await client.events.list({ after, limit: 200 });
    for (const { sequence, at } of items) happenedAt[sequence] = Date.parse(at);
    after = items.at(-1)?.sequence ?? null;
  }
  return happenedAt;
}

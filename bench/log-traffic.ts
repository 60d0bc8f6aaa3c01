import { setTimeout as sleep } from 'node:timers/promises';
import {
  startTestEngine,
  type TestEngine,
} from '../packages/server/src/adapters/drivers/docker/docker-engine.fixture.ts';
import type { ProbedPath } from './lib/api-prober.ts';
import type { Benchmark, Figure, Omitted } from './lib/benchmark.ts';
import { type LineChild, startLineChild } from './lib/line-child.ts';
import type { FollowReport } from './lib/log-follower.ts';
import { cpuTicks } from './lib/process-usage.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median, round } from './lib/stats.ts';

const TALKERS = 4;
const LINES_PER_SECOND = 20_000;
/** Lines that a talker writes at a stroke, and how often it does. */
const STROKE = { lines: 500, everySeconds: 0.1 } as const;
const ROUNDS = 3;
const MEASURED_MS = 20_000;
const SETTLED_MS = 3_000;
const ASKED_EVERY_MS = 20;
const PATHS = ['/v1/vms/clock', '/v1/vms'] as const;

interface Phase {
  readonly linesPerSecond: number;
  readonly cpuPercent: number;
  readonly api: readonly ProbedPath[];
  readonly follow: FollowReport;
}

/** What those who ask and those who follow notice of guests that say a lot. */
export const logTraffic: Benchmark = {
  name: 'log-traffic',
  about: `${TALKERS} containers write ${LINES_PER_SECOND} lines a second together, while another process asks for a VM and for a list of them every ${ASKED_EVERY_MS} ms, and a third follows the log of a VM that writes what time it is; median of ${ROUNDS} rounds of ${MEASURED_MS / 1_000} s, in turns with as many in which they are silent, and in which they write as much to nowhere`,
  async run(say) {
    const engine = await startTestEngine();
    if ('whyNot' in engine) return [{ name: 'log under load', omitted: engine.whyNot }];
    await using present = engine;
    return await withEngine(present, say);
  },
};

async function withEngine(
  { socketPath }: TestEngine,
  say: (message: string) => void,
): Promise<readonly (Figure | Omitted)[]> {
  await using server = await startServer(['--driver', 'docker'], undefined, { VOLARY_DOCKER_SOCKET: socketPath });
  await create(server, 'clock', 'while :; do date +%s%N; sleep 0.02; done');
  for (let number = 0; number < TALKERS; number++) await create(server, `talker-${number}`, TALK);
  const follower = startLineChild(new URL('./lib/log-follower.ts', import.meta.url), [server.url, server.key, 'clock']);
  const quiet: Phase[] = [];
  const unheard: Phase[] = [];
  const loud: Phase[] = [];
  try {
    await follower.line();
    for (let round = 1; round <= ROUNDS; round++) {
      const before = await measure(server, follower);
      await tellTalkers(server, ['touch', NOWHERE, WANTED]);
      const control = await measure(server, follower);
      await tellTalkers(server, ['rm', NOWHERE]);
      const meanwhile = await measure(server, follower);
      await tellTalkers(server, ['rm', WANTED]);
      say(
        `round ${round} of ${ROUNDS}: quiet: ${describe(before)}; to nowhere: ${describe(control)}; loud: ${describe(meanwhile)}`,
      );
      quiet.push(before);
      unheard.push(control);
      loud.push(meanwhile);
    }
    return figuresOf({ quiet, unheard, loud });
  } finally {
    await follower.end();
  }
}

/** They talk as long as a file is there, and to nowhere as long as another is. */
async function tellTalkers({ client }: BenchServer, argv: readonly string[]): Promise<void> {
  for (let number = 0; number < TALKERS; number++) {
    const { execution } = await client.executions.run(`talker-${number}`, { argv: [...argv] });
    if (execution.exit_code !== 0) throw new Error(`talker-${number} was not told to talk, or to be silent`);
  }
}

const WANTED = '/tmp/wanted';
const NOWHERE = '/tmp/nowhere';
const TALK = `
i=0
talk() {
  j=0
  while [ $j -lt ${STROKE.lines} ]; do i=$((i+1)); j=$((j+1)); echo "INFO request served id=$i took 42 ms"; done
}
while :; do
  while [ ! -e ${WANTED} ]; do sleep 0.1; done
  if [ -e ${NOWHERE} ]; then talk > /dev/null; else talk; fi
  sleep ${STROKE.everySeconds}
done`;

async function create({ client }: BenchServer, name: string, command: string): Promise<void> {
  const { id } = await client.vms.create({ name, memory_mib: 192, disk_gib: 2, workload: { type: 'daemon', command } });
  await client.operations.finish(id);
}

async function measure(server: BenchServer, follower: LineChild): Promise<Phase> {
  await sleep(SETTLED_MS);
  follower.write('\n');
  await follower.line();
  const prober = startLineChild(new URL('./lib/api-prober.ts', import.meta.url), [
    ...[server.key, String(ASKED_EVERY_MS)],
    ...[`${server.url}/v1/vms/clock`, `${server.url}/v1/vms`],
  ]);
  try {
    await prober.line();
    const began = { atMs: performance.now(), ticks: cpuTicks(server.pid), sequence: await lastSequence(server) };
    await sleep(MEASURED_MS);
    const seconds = (performance.now() - began.atMs) / 1_000;
    prober.close();
    const api: readonly ProbedPath[] = JSON.parse(await prober.line());
    follower.write('\n');
    const follow: FollowReport = JSON.parse(await follower.line());
    const linesPerSecond = ((await lastSequence(server)) - began.sequence) / seconds;
    return { linesPerSecond, cpuPercent: (cpuTicks(server.pid) - began.ticks) / seconds, api, follow };
  } finally {
    await prober.end();
  }
}

/** Sequences are given one after the other. */
async function lastSequence({ client }: BenchServer): Promise<number> {
  const { items } = await client.logs.list({ order: 'desc', limit: 1 });
  return items[0]?.sequence ?? 0;
}

function describe({ linesPerSecond, cpuPercent, api, follow }: Phase): string {
  const asked = api.map(({ path, p50Ms, p99Ms }) => `${path} ${round(p50Ms)} and ${round(p99Ms)} ms`).join(', ');
  return `${Math.round(linesPerSecond)} lines/s, server ${Math.round(cpuPercent)} % of a core; ${asked}; followed in ${round(follow.p50Ms)} and ${round(follow.p99Ms)} ms (median, p99)`;
}

function figuresOf({
  quiet,
  unheard,
  loud,
}: Readonly<Record<'quiet' | 'unheard' | 'loud', readonly Phase[]>>): readonly Figure[] {
  return [
    { name: 'lines taken', value: middle(loud, ({ linesPerSecond }) => linesPerSecond), unit: '/s' },
    ...PATHS.flatMap((path, at): readonly Figure[] => {
      const p99Ms = ({ api }: Phase): number => api[at]?.p99Ms ?? Number.NaN;
      const meanwhile = { name: `GET ${path} meanwhile, p99`, value: middle(loud, p99Ms), unit: 'ms' } as const;
      return [
        {
          ...meanwhile,
          reference: { name: 'while they are silent', value: middle(quiet, p99Ms) },
          bound: { kind: 'at most', value: 1.2, of: 'ratio' },
        },
        { ...meanwhile, reference: { name: 'while they write to nowhere', value: middle(unheard, p99Ms) } },
      ];
    }),
    {
      name: 'a line from its writing until who follows has it, nobody else writes, p99',
      value: middle(quiet, ({ follow }) => follow.p99Ms),
      unit: 'ms',
      bound: { kind: 'at most', value: 50, of: 'value' },
    },
    {
      name: 'the same meanwhile, p99',
      value: middle(loud, ({ follow }) => follow.p99Ms),
      unit: 'ms',
      bound: { kind: 'at most', value: 50, of: 'value' },
    },
  ];
}

function middle(phases: readonly Phase[], of: (phase: Phase) => number): number {
  return median(phases.map(of));
}

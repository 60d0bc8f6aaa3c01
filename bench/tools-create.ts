import type { Benchmark, Figure } from './lib/benchmark.ts';
import { bootFiles } from './lib/boot-files.ts';
import { type Contestant, takeTurns } from './lib/rounds.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { awaitSpare, startWarmServer, warmTemplate } from './lib/warm-server.ts';

const ROUNDS = 10;
const MEMORY_MIB = 256;
const TOOLS = ['nodejs@20', 'bun', 'claude-code', 'git'];

/** How a VM comes to be. */
interface Way {
  readonly name: string;
  readonly server: BenchServer;
  /** Done before each. */
  readonly prepare?: () => Promise<void>;
}

/** What tools cost whoever creates a VM, and whoever runs the first command in it. */
export const toolsCreate: Benchmark = {
  name: 'tools-create',
  about: `POST /v1/vms until it runs with four cached tools (${TOOLS.join(' ')}), beside the same without: booted, from a warm template, from the pool; and until its first true has ended; ${ROUNDS} rounds in turns, medians`,
  async run(say, { rounds }) {
    await using cold = await startServer([], undefined, { VOLARY_WARM_TEMPLATES: 'off' });
    await bootFiles(cold, say);
    say('building the tools that are not there');
    for (const tool of TOOLS) await buildTool(cold, tool);
    await using warm = await startWarmServer({ poolCount: 0 });
    await warmTemplate(warm, { memoryMib: MEMORY_MIB, say });
    await using pooled = await startWarmServer({ poolCount: 1 });
    await warmTemplate(pooled, { memoryMib: MEMORY_MIB, say });
    await awaitSpare(pooled);
    const ways: readonly Way[] = [
      { name: 'booted', server: cold },
      { name: 'warm', server: warm },
      { name: 'pooled', server: pooled, prepare: () => awaitSpare(pooled) },
    ];
    const firsts = new Map<string, number[]>();
    const contestants = ways.flatMap((way) => [contestant(way, [], firsts), contestant(way, TOOLS, firsts)]);
    const medians = await takeTurns(contestants, { rounds: rounds ?? ROUNDS, say });
    return ways.flatMap(({ name }) => [
      figure(`create, ${name}`, { bare: medians.get(name), tooled: medians.get(`${name} with tools`), atMost: 1.1 }),
      figure(`create and first command, ${name}`, {
        bare: medianOf(firsts.get(name)),
        tooled: medianOf(firsts.get(`${name} with tools`)),
        atMost: null,
      }),
    ]);
  },
};

async function buildTool({ client }: BenchServer, text: string): Promise<void> {
  const [name = '', version] = text.split('@');
  await client.operations.finish((await client.tools.build(name, version === undefined ? {} : { version })).id);
}

function contestant(way: Way, tools: readonly string[], firsts: Map<string, number[]>): Contestant {
  const name = tools.length === 0 ? way.name : `${way.name} with tools`;
  return {
    name,
    ...(way.prepare === undefined ? {} : { prepare: way.prepare }),
    async run() {
      const { createdMs, firstMs } = await time(way.server, tools);
      firsts.set(name, [...(firsts.get(name) ?? []), firstMs]);
      return createdMs;
    },
  };
}

/** By plain requests, each answered when it is done. */
async function time({ client, url, key }: BenchServer, tools: readonly string[]) {
  const headers = { authorization: `Bearer ${key}`, accept: 'application/json', 'content-type': 'application/json' };
  const post = async (path: string, body: unknown, more: Readonly<Record<string, string>> = {}): Promise<void> => {
    const init = { method: 'POST', headers: { ...headers, ...more }, body: JSON.stringify(body) };
    const response = await fetch(`${url}${path}`, init);
    const answer = await response.text();
    if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${answer}`);
  };
  const begun = performance.now();
  await post('/v1/vms', { name: 'tooled', memory_mib: MEMORY_MIB, tools }, { prefer: 'wait=60' });
  const createdMs = performance.now() - begun;
  await post('/v1/vms/tooled/exec', { argv: ['true'] });
  const firstMs = performance.now() - begun;
  await client.operations.finish((await client.vms.delete('tooled')).id);
  return { createdMs, firstMs };
}

function figure(
  name: string,
  {
    bare,
    tooled,
    atMost,
  }: { readonly bare: number | undefined; readonly tooled: number | undefined; readonly atMost: number | null },
): Figure {
  if (bare === undefined || tooled === undefined) throw new Error(`${name} was not measured`);
  const told = { name, value: tooled, unit: 'ms', reference: { name: 'without tools', value: bare } };
  return atMost === null ? told : { ...told, bound: { kind: 'at most', value: atMost, of: 'ratio' } };
}

/** The first round warms caches and is not counted. */
function medianOf(values: readonly number[] = []): number | undefined {
  const counted = values.slice(1).toSorted((a, b) => a - b);
  return counted[Math.floor(counted.length / 2)];
}

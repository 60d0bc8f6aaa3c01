import autocannon from 'autocannon';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { type Change, timeInTurns } from './lib/changes.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median } from './lib/stats.ts';

const VMS = 100;
const ROUNDS = 5;
const ROUND_S = 2;
const CONNECTIONS = 20;
const HOST = 'cpus: 1024, memory_mib: 16777216, disk_gib: 16777216';
/** A dialect costs at most 15 %: of the time of a request, and so of requests a second. */
const AT_MOST = 1.15;
const AT_LEAST = 0.87;

/** What is read from a dialect, and what has to be read from /v1 to be told the same. */
interface Pair {
  readonly name: string;
  readonly dialect: string;
  readonly native: readonly string[];
}

/** What a dialect does, and /v1 too. */
interface ChangePair {
  readonly name: string;
  readonly dialect: Change;
  readonly native: Change;
}

/** What it costs to be asked in another's words. */
export const dialects: Benchmark = {
  name: 'dialects',
  about: `routes of the dialects beside those of /v1 that tell or do the same, with ${VMS} VMs; reading by ${CONNECTIONS} connections, median of ${ROUNDS} rounds of ${ROUND_S} s, changes one at a time, both in turns`,
  async run(say) {
    await using server = await startServer(['--driver', 'simulated'], undefined, {
      VOLARY_SIMULATED_HOST: HOST,
      VOLARY_RATE_LIMITS: 'novacron: off',
    });
    const { reads, changes } = await pairsOf(server);
    const figures: Figure[] = [];
    for (const { name, dialect, native } of reads) {
      const theirs: number[] = [];
      const ours: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        say(`${name}, round ${round} of ${ROUNDS}`);
        theirs.push(await requestsPerSecond(server, dialect));
        ours.push(await togetherPerSecond(server, native));
      }
      figures.push({
        ...{ name, value: median(theirs), unit: 'requests/s' },
        reference: { name: `the same of /v1 (${native.join(' and ')})`, value: median(ours) },
        bound: { kind: 'at least', value: AT_LEAST, of: 'ratio' },
      });
    }
    for (const { name, dialect, native } of changes) {
      say(name);
      const [theirs, ours] = await timeInTurns(server, dialect, native, ROUNDS);
      figures.push({
        ...{ name: `${name}, until it is accepted`, value: theirs, unit: 'ms' },
        reference: { name: `the same of /v1 (POST ${native.path})`, value: ours },
        bound: { kind: 'at most', value: AT_MOST, of: 'ratio' },
      });
    }
    return figures;
  },
};

/** A hundred workspaces, which are VMs to all others. */
async function pairsOf(
  server: BenchServer,
): Promise<{ readonly reads: readonly Pair[]; readonly changes: readonly ChangePair[] }> {
  const { client } = server;
  for (let i = 0; i < VMS; i++) await client.workspaces.create({ name: `w-${i}`, memory_mib: 128, disk_gib: 1 });
  for (let i = 0; i < VMS; i++) await client.workspaces.wait(`w-${i}`);
  const { id } = await client.vms.get('w-0');
  const { id: workspace } = await client.workspaces.get('w-0');
  const uuid = await uuidBy<{ readonly vms: readonly Named[] }>(server, '/aetherium/api/v1/vms', ({ vms }) => vms);
  const theirs = await uuidBy<readonly Named[]>(server, '/vm-api/api/v1/workspaces', (all) => all);
  const list = [`/v1/vms?limit=${VMS}`];
  const get = `/v1/vms/${id}`;
  const small = { vcpus: 1, memory_mib: 256, disk_gib: 1 };
  return {
    reads: [
      { name: `aetherium: list of ${VMS}`, dialect: '/aetherium/api/v1/vms', native: list },
      { name: `volant: list of ${VMS}`, dialect: '/volant/api/v1/vms', native: list },
      { name: `novacron: list of ${VMS}`, dialect: `/novacron/v1/vms?limit=${VMS}`, native: list },
      {
        ...{ name: `vm-api: list of ${VMS} workspaces`, dialect: '/vm-api/api/v1/workspaces' },
        native: [`/v1/workspaces?limit=${VMS}`],
      },
      { name: 'aetherium: a VM', dialect: `/aetherium/api/v1/vms/${uuid}`, native: [get] },
      { name: 'volant: a VM', dialect: '/volant/api/v1/vms/w-0', native: [get] },
      {
        // It has what the VM uses and how many alerts it has in it.
        ...{ name: 'novacron: a VM', dialect: `/novacron/v1/vms/${id}` },
        native: [get, `${get}/metrics?interval=1m`, `/v1/alerts?vm=${id}&state=firing`, '/v1/hosts'],
      },
      {
        ...{ name: 'vm-api: a workspace', dialect: `/vm-api/api/v1/workspaces/${theirs}` },
        native: [`/v1/workspaces/${workspace}`],
      },
      { name: 'vm-api: health', dialect: '/vm-api/health', native: ['/healthz'] },
    ],
    changes: [
      {
        name: 'aetherium: a command',
        dialect: { path: `/aetherium/api/v1/vms/${uuid}/execute`, body: () => ({ command: 'true' }) },
        native: { path: `${get}/exec`, body: () => ({ argv: ['true'], detach: true }) },
      },
      {
        name: 'aetherium: create',
        dialect: { path: '/aetherium/api/v1/vms', body: (name) => ({ name, vcpus: 1, memory_mb: 256 }) },
        native: {
          path: '/v1/vms',
          body: (name) => ({ ...small, name, tools: ['git', 'nodejs@20', 'bun@latest', 'claude-code@latest'] }),
        },
      },
      {
        name: 'volant: create',
        dialect: { path: '/volant/api/v1/vms', body: (name) => ({ name, plugin: 'base' }) },
        native: {
          path: '/v1/vms',
          body: (name) => ({ name, template: 'base', network: { mode: 'bridge', egress: 'deny' } }),
        },
      },
      {
        name: 'novacron: create',
        dialect: {
          path: '/novacron/v1/vms',
          body: (name) => ({ name, template_id: 'base', resources: { cpu: 1, memory_gb: 0.25, storage_gb: 1 } }),
        },
        native: { path: '/v1/vms', body: (name) => ({ ...small, name, template: 'base' }) },
      },
      {
        name: 'vm-api: create',
        dialect: { path: '/vm-api/api/v1/workspaces', body: (name) => ({ name, template: 'base' }) },
        native: { path: '/v1/workspaces', body: (name) => ({ name, template: 'base' }) },
      },
    ],
  };
}

interface Named {
  readonly id: string;
  readonly name: string;
}

/** What a dialect calls the first of them. */
async function uuidBy<T>(
  { url, key }: BenchServer,
  path: string,
  listIn: (answer: T) => readonly Named[],
): Promise<string> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  const answer: T = JSON.parse(await response.text());
  return listIn(answer).find(({ name }) => name === 'w-0')?.id ?? '';
}

/** How often all of these could be asked one after the other. */
async function togetherPerSecond(server: BenchServer, paths: readonly string[]): Promise<number> {
  let seconds = 0;
  for (const path of paths) seconds += 1 / (await requestsPerSecond(server, path, ROUND_S / paths.length));
  return 1 / seconds;
}

async function requestsPerSecond({ url, key }: BenchServer, path: string, duration: number = ROUND_S): Promise<number> {
  const headers = { authorization: `Bearer ${key}` };
  const { requests, non2xx, errors, ...result } = await autocannon({
    ...{ url: `${url}${path}`, headers, connections: CONNECTIONS, duration },
  });
  if (non2xx + errors > 0) throw new Error(`${path}: ${non2xx} answers were no 2xx, ${errors} failed`);
  return requests.total / result.duration;
}

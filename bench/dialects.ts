import autocannon from 'autocannon';
import type { Benchmark, Figure } from './lib/benchmark.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median } from './lib/stats.ts';

const VMS = 100;
const ROUNDS = 5;
const ROUND_S = 2;
const CONNECTIONS = 20;
const HOST = 'cpus: 1024, memory_mib: 16777216, disk_gib: 16777216';

/** What is asked of a dialect, and of /v1, which tells or does the same. */
interface Pair {
  readonly name: string;
  readonly dialect: Asked;
  readonly native: Asked;
}

interface Asked {
  readonly path: string;
  /** What is sent; each one has a name of its own where it has `NAME` in it. */
  readonly body?: string;
}

/** What it costs to be asked in another's words. */
export const dialects: Benchmark = {
  name: 'dialects',
  about: `routes of the dialects beside those of /v1 that tell the same, of ${VMS} VMs; ${CONNECTIONS} connections, median of ${ROUNDS} rounds of ${ROUND_S} s, taken in turns`,
  async run(say) {
    await using server = await startServer(['--driver', 'simulated'], undefined, {
      VOLARY_SIMULATED_HOST: HOST,
      VOLARY_RATE_LIMITS: 'novacron: off',
    });
    const figures: Figure[] = [];
    for (const { name, dialect, native } of await pairsOf(server)) {
      const theirs: number[] = [];
      const ours: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        say(`${name}, round ${round} of ${ROUNDS}`);
        theirs.push(await requestsPerSecond(server, dialect));
        ours.push(await requestsPerSecond(server, native));
      }
      figures.push({
        name,
        value: median(theirs),
        unit: 'requests/s',
        reference: { name: `the same of /v1 (${native.path})`, value: median(ours) },
        bound: { kind: 'at least', value: 1 / 1.15, of: 'ratio' },
      });
    }
    return figures;
  },
};

/** A hundred workspaces, which are VMs to all others. */
async function pairsOf(server: BenchServer): Promise<readonly Pair[]> {
  const { client } = server;
  for (let i = 0; i < VMS; i++) await client.workspaces.create({ name: `w-${i}`, memory_mib: 128, disk_gib: 1 });
  for (let i = 0; i < VMS; i++) await client.workspaces.wait(`w-${i}`);
  const { id } = await client.vms.get('w-0');
  const list = { path: `/v1/vms?limit=${VMS}` };
  const get = { path: `/v1/vms/${id}` };
  const aetherium = '/aetherium/api/v1/vms';
  const listed = await askOnce<{ readonly vms: readonly { readonly id: string; readonly name: string }[] }>(server, aetherium);
  const uuid = listed.vms.find(({ name }) => name === 'w-0')?.id;
  const workspaces = await askOnce<readonly { readonly id: string }[]>(server, '/vm-api/api/v1/workspaces');
  const workspace = (await client.workspaces.get('w-0')).id;
  return [
    { name: `aetherium: list of ${VMS}`, dialect: { path: aetherium }, native: list },
    { name: `volant: list of ${VMS}`, dialect: { path: '/volant/api/v1/vms' }, native: list },
    { name: `novacron: list of ${VMS}`, dialect: { path: `/novacron/v1/vms?limit=${VMS}` }, native: list },
    {
      name: `vm-api: list of ${VMS} workspaces`,
      dialect: { path: '/vm-api/api/v1/workspaces' },
      native: { path: `/v1/workspaces?limit=${VMS}` },
    },
    { name: 'aetherium: a VM', dialect: { path: `${aetherium}/${uuid}` }, native: get },
    { name: 'volant: a VM', dialect: { path: '/volant/api/v1/vms/w-0' }, native: get },
    { name: 'novacron: a VM', dialect: { path: `/novacron/v1/vms/${id}` }, native: get },
    {
      name: 'vm-api: a workspace',
      dialect: { path: `/vm-api/api/v1/workspaces/${workspaces[0]?.id}` },
      native: { path: `/v1/workspaces/${workspace}` },
    },
    { name: 'vm-api: health', dialect: { path: '/vm-api/health' }, native: { path: '/healthz' } },
  ];
}

async function askOnce<T>({ url, key }: BenchServer, path: string): Promise<T> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}` } });
  const answer: T = JSON.parse(await response.text());
  return answer;
}

let names = 0;

async function requestsPerSecond({ url, key }: BenchServer, { path, body }: Asked): Promise<number> {
  const result = await autocannon({
    url: `${url}${path}`,
    ...{ connections: CONNECTIONS, duration: ROUND_S },
    headers: { authorization: `Bearer ${key}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined
      ? {}
      : {
          method: 'POST',
          setupClient: (client) => client.setBody(body.replace('NAME', `made-${names++}`)),
        }),
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${path}: ${result.non2xx} answers were no 2xx, ${result.errors} failed`);
  return result.requests.average;
}

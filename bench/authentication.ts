import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import autocannon from 'autocannon';
import type { Benchmark } from './lib/benchmark.ts';
import { median } from './lib/stats.ts';

/** Of two processes that do the same one may be a sixth quicker than the other for all its life, so there are several of each. */
const LAUNCHES = 5;
const ROUNDS = 5;
const ROUND_S = 1;
const CONNECTIONS = 20;
const SERVER = new URL('./lib/authenticating-server.ts', import.meta.url).pathname;

/** One VM, asked for by an API key and by an access token, beside the same server that compares the digest of one key and does nothing else to find out who asks. */
export const authentication: Benchmark = {
  name: 'authentication',
  about: `GET /v1/vms/{ref} by an API key and by an access token, beside the same server that knows one key and compares its digest; ${CONNECTIONS} connections, median of ${LAUNCHES * ROUNDS} rounds of ${ROUND_S} s, taken in turns by ${LAUNCHES} servers of each kind`,
  async run(say) {
    const rates: Record<Contestant, number[]> = { compared: [], key: [], token: [] };
    for (let launch = 1; launch <= LAUNCHES; launch++) {
      say(`servers ${launch} of ${LAUNCHES}`);
      await takeTurns(rates);
    }
    const asked = [
      { name: 'one key compared', rates: rates.compared },
      { name: 'VM by an API key', rates: rates.key },
      { name: 'VM by an access token', rates: rates.token },
    ];
    const [reference, ...figures] = asked.map((each) => ({ name: each.name, value: median(each.rates) }));
    return figures.map(({ name, value }) => ({
      ...{ name, value, unit: 'requests/s' },
      ...(reference === undefined ? {} : { reference }),
      bound: { kind: 'at least', value: 0.9, of: 'ratio' },
    }));
  },
};

type Contestant = 'compared' | 'key' | 'token';

/** Adds the rates of some rounds with servers of their own. */
async function takeTurns(rates: Readonly<Record<Contestant, number[]>>): Promise<void> {
  await using own = await startServer('own');
  await using bare = await startServer('bare');
  const asked: readonly (Asked & { readonly rates: number[] })[] = [
    { url: bare.url, credential: bare.key, rates: rates.compared },
    { url: own.url, credential: own.key, rates: rates.key },
    { url: own.url, credential: own.token, rates: rates.token },
  ];
  // The first round warms up.
  for (let round = 0; round <= ROUNDS; round++) {
    // In turns, and each of them first as often as the others.
    for (let turn = 0; turn < asked.length; turn++) {
      const each = asked[(round + turn) % asked.length];
      const rate = each === undefined ? 0 : await requestsPerSecond(each);
      if (round > 0) each?.rates.push(rate);
    }
  }
}

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  readonly token: string;
}

interface Asked {
  readonly url: string;
  readonly credential: string;
}

async function requestsPerSecond({ url, credential }: Asked): Promise<number> {
  const headers = { authorization: `Bearer ${credential}` };
  const result = await autocannon({
    url: `${url}/v1/vms/first`,
    headers,
    connections: CONNECTIONS,
    duration: ROUND_S,
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${result.non2xx} answers were no 2xx, ${result.errors} failed`);
  return result.requests.average;
}

async function startServer(kind: 'own' | 'bare'): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), 'volary-bench-'));
  const child: ChildProcess = spawn(process.execPath, [SERVER, kind, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new TypeError('the child has no pipes');
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const told: Omit<Server, typeof Symbol.asyncDispose> = JSON.parse(String(line));
  return {
    ...told,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

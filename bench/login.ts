import { createArgon2Hasher } from '../packages/server/src/adapters/identity/argon2-hasher.ts';
import type { Benchmark } from './lib/benchmark.ts';
import { type BenchServer, startServer } from './lib/server.ts';
import { median, quantile } from './lib/stats.ts';

const LOGINS = 100;
const SINGLE_ROUNDS = 21;
const QUIET_S = 2;
const PASSWORD = 'brisk umbrella 7';

/** What a password costs, and what a hundred logins at once cost everybody else. */
export const login: Benchmark = {
  name: 'login',
  about: `one password by argon2id, a login over HTTP beside it (medians of ${SINGLE_ROUNDS}), and GET /v1/vms/{id} asked for again and again by somebody else while ${LOGINS} users log in at once`,
  async run(say) {
    // Each login has an address of its own: so many from one are slowed down.
    const env = { VOLARY_TRUSTED_PROXIES: '127.0.0.1' };
    await using server = await startServer(['--driver', 'simulated'], undefined, env);
    say(`making ${LOGINS} users`);
    const names = await addUsers(server);
    const vm = await addVm(server);
    say('one by one');
    const hashes = await timesOf(SINGLE_ROUNDS, hashOnce());
    const alone = await timesOf(SINGLE_ROUNDS, (i) => logIn(server, names[i] ?? '', `198.51.100.${i}`));
    say('somebody else asks, and nobody logs in');
    const quiet = await askUntil(server, vm, sleepUntil(performance.now() + QUIET_S * 1_000));
    say(`somebody else asks, and ${LOGINS} log in at once`);
    const beganMs = performance.now();
    const all = Promise.all(names.map((name, i) => logIn(server, name, `203.0.113.${i}`)));
    const busy = await askUntil(server, vm, all);
    const allMs = performance.now() - beganMs;
    return [
      { name: 'a password', value: median(hashes), unit: 'ms', bound: { kind: 'at most', value: 60, of: 'value' } },
      {
        name: 'a login',
        value: median(alone),
        unit: 'ms',
        reference: { name: 'a password', value: median(hashes) },
      },
      {
        name: `p99 of others during ${LOGINS} logins`,
        value: quantile(busy, 0.99),
        unit: 'ms',
        bound: { kind: 'at most', value: 100, of: 'value' },
      },
      {
        name: 'their median',
        value: median(busy),
        unit: 'ms',
        reference: { name: 'nobody logs in', value: median(quiet) },
      },
      { name: `${LOGINS} logins at once, until the last`, value: allMs, unit: 'ms' },
    ];
  },
};

async function addUsers({ client }: BenchServer): Promise<readonly string[]> {
  const names = Array.from({ length: LOGINS }, (_, i) => `user-${i}`);
  for (const name of names) await client.users.create({ name, password: PASSWORD });
  return names;
}

async function addVm({ client }: BenchServer): Promise<string> {
  const { subject } = await client.vms.create({ name: 'seen', start: false });
  return subject.id ?? '';
}

async function logIn({ url }: BenchServer, name: string, address: string): Promise<void> {
  const answer = await fetch(`${url}/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ name, password: PASSWORD }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`a login was answered with ${answer.status}: ${text}`);
}

function hashOnce(): () => Promise<unknown> {
  const hasher = createArgon2Hasher({ atOnce: 1, maxWaiting: 1 });
  return () => hasher.hash(PASSWORD);
}

/** How long each of so many runs takes, one after the other, milliseconds. */
async function timesOf(count: number, work: (i: number) => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const beganMs = performance.now();
    await work(i);
    times.push(performance.now() - beganMs);
  }
  return times;
}

/** How long each answer takes of somebody who asks again and again until something is over, milliseconds. */
async function askUntil({ url, key }: BenchServer, vm: string, until: Promise<unknown>): Promise<readonly number[]> {
  let isOver = false;
  const over = until.finally(() => {
    isOver = true;
  });
  const headers = { authorization: `Bearer ${key}` };
  const times: number[] = [];
  while (!isOver) {
    const beganMs = performance.now();
    const answer = await fetch(`${url}/v1/vms/${vm}`, { headers });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`somebody else was answered with ${answer.status}`);
    times.push(performance.now() - beganMs);
  }
  await over;
  return times;
}

async function sleepUntil(endMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, endMs - performance.now());
  });
}

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type StrictLoki, startStrictLoki } from '../../packages/server/src/adapters/logs/loki/testing/strict-loki.ts';
import { until } from '../../packages/server/src/lib/testing/until.ts';
import { createInstallation, type Installation } from './installation.ts';

/* The log of a real server, as a Loki gets it that is away at first and breaks off later, through the death of the server; with simulated VMs, since it is the server that dies. */

let here: Installation;
let loki: StrictLoki;
beforeAll(async () => {
  loki = await startStrictLoki({ credentials: 'zoe:s3cret' });
  const url = loki.url.replace('//', '//zoe:s3cret@');
  await loki.stop();
  here = createInstallation('simulated', { LOKI_URL: url, VOLARY_DOCKER_SOCKET: 'off' });
});
afterAll(async () => {
  await here.remove();
  await loki[Symbol.asyncDispose]();
});

/** What is handed over, by time: at Loki an entry that comes twice is one. */
function sequences(): readonly number[] {
  const entries = [...loki.streams.values()].flatMap((stream) => stream.entries);
  const once = new Map(entries.map((entry) => [`${entry.time} ${entry.line}`, entry]));
  return [...once.values()]
    .toSorted((one, other) => (one.time < other.time ? -1 : 1))
    .map(({ metadata }) => Number(metadata['sequence']));
}

async function statusOfLoki(): Promise<{ readonly status: string; readonly why: string | null } | undefined> {
  const health: { components: { name: string; status: string; why: string | null }[] } = JSON.parse(
    await here.must(['system', 'health', '--json']),
  );
  return health.components.find(({ name }) => name === 'loki');
}

async function doctorOnLoki(): Promise<unknown> {
  const { checks }: { checks: { id: string }[] } = JSON.parse((await here.volary(['doctor', '--json'])).stdout);
  return checks.find(({ id }) => id === 'loki');
}

async function figure(name: string): Promise<number> {
  const line = (await here.must(['metrics'])).split('\n').find((each) => each.startsWith(name));
  return Number(line?.split(' ').at(-1));
}

async function createVms(prefix: string): Promise<void> {
  for (let index = 0; index < 5; index++) await here.must(['create', `${prefix}${index}`]);
}

function kill(): void {
  const { pid }: { readonly pid: number } = JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));
  process.kill(pid, 'SIGKILL');
}

it('has every line, in order and once, though Loki and the server were away', async () => {
  await here.must(['up', '--detach', '--no-vm']);
  await createVms('early');
  expect(await statusOfLoki()).toMatchObject({
    status: 'degraded',
    why: expect.stringMatching(/connection was refused.* wait/),
  });
  expect(await doctorOnLoki()).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('connection was refused'),
  });
  expect(await figure('volary_log_archive_waiting_lines')).toBeGreaterThan(5);

  await loki.start();
  loki.fail('unread');
  await until(() => loki.pushes.length > 0, 'a push to Loki', { timeoutMs: 60_000 });
  kill();
  loki.fail(null);
  await here.must(['up', '--detach', '--no-vm']);
  await createVms('late');
  const isHandedOver = async () => (await figure('volary_log_archive_waiting_lines')) === 0;
  await until(isHandedOver, 'a spool without lines', { timeoutMs: 60_000, everyMs: 100 });

  const taken = sequences();
  const log = (await here.must(['logs', '--since', '1d', '--json'])).split('\n');
  const kept = log
    .map((line): number => JSON.parse(line).sequence)
    .filter((sequence) => sequence <= (taken.at(-1) ?? 0));
  expect(kept.length).toBeGreaterThan(30);
  expect(taken).toEqual(kept);
  expect(loki.refusals).toEqual([]);
  expect(await statusOfLoki()).toMatchObject({ name: 'loki', status: 'ok', why: null });
  expect(await doctorOnLoki()).toMatchObject({ status: 'ok' });
  expect(await figure('volary_log_archive_lines_total{result="lost"}')).toBe(0);
  expect(readFileSync(join(here.dataDir, 'server.log'), 'utf8')).not.toContain('s3cret');
});

it('ends the start with one sentence where LOKI_URL is none', async () => {
  const { code, stderr } = await here.volary(['serve'], { env: { LOKI_URL: 'zoe:s3cret' } });

  expect(code).not.toBe(0);
  expect(stderr).toMatch(/^volary: loki_url must be where Loki is, such as .*\.\n$/);
});

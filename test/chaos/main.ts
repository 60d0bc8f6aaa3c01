/**
 * A storm on demand: `node test/chaos/main.ts [--driver simulated|qemu] [--kills N] [--seed S] [--mix random|turn|both]
 * [--first-point N] [--minutes M] [--log FILE]`. Ends with 1 at the first fault, and tells the seed and what had happened.
 */
import { appendFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { KillMix } from './kill-plan.ts';
import type { DriverName } from './server-process.ts';
import { type CheckedKill, runStorm } from './storm.ts';

const LOG_TAIL_BYTES = 6_000;

const string = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    driver: string,
    kills: string,
    seed: string,
    mix: string,
    'first-point': string,
    minutes: string,
    log: string,
  },
});
const driver: DriverName = values.driver === 'qemu' ? 'qemu' : 'simulated';
const mix: KillMix = values.mix === 'random' || values.mix === 'turn' ? values.mix : 'both';
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
const kills = Number(values.kills ?? 20);
const minutes = Number(values.minutes ?? 60);

const directory = mkdtempSync(join(tmpdir(), 'volary-chaos-'));
// A virtual machine monitor runs as a user of its own, and has to get through to its run directory.
chmodSync(directory, 0o711);
const dataDir = join(directory, 'data');
const { log } = values;
if (log !== undefined) writeFileSync(log, `${JSON.stringify({ driver, seed, mix, kills, node: process.version })}\n`);

const result = await runStorm({
  driver,
  dataDir,
  kills,
  seed,
  mix,
  firstPoint: Number(values['first-point'] ?? 0),
  signal: AbortSignal.timeout(minutes * 60_000),
  onKill: (kill) => say(describe(kill)),
});
const { faults, history } = result;
const summary = {
  verdict: faults.length === 0 ? 'ok' : 'FAULT',
  kills: result.kills.length,
  events: result.kills.at(-1)?.events ?? 0,
  points: result.reached.size,
  slowestReadyMs: Math.max(0, ...result.kills.map(({ readyMs }) => readyMs)),
  slowestQuietMs: Math.max(0, ...result.kills.map(({ quietMs }) => quietMs)),
};
say(JSON.stringify({ ...summary, driver, seed }));
if (faults.length === 0) rmSync(directory, { recursive: true });
else {
  const said = readFileSync(`${dataDir}.log`, 'utf8').slice(-LOG_TAIL_BYTES);
  process.stderr.write(`${history.join('\n')}\n--- the server said last:\n${said}\n`);
  process.stderr.write(`seed ${seed}; the data is kept in ${directory}:\n${faults.join('\n')}\n`);
  process.exitCode = 1;
}

function describe({
  kill,
  at,
  isReached,
  faults: found,
  vms,
  deployments,
  leases,
  commands,
  events,
  readyMs,
  quietMs,
}: CheckedKill): string {
  const verdict = found.length === 0 ? (isReached ? 'ok' : 'not reached') : found.join('; ');
  return JSON.stringify({ kill, at, verdict, vms, deployments, leases, commands, events, readyMs, quietMs });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
  if (log !== undefined) appendFileSync(log, `${line}\n`);
}

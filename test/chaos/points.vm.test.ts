import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { whyNoBridges } from '../../packages/server/src/adapters/networks/why-no-bridges.ts';
import {
  COMMON_FAULT_POINTS,
  type FaultPointName,
  QEMU_FAULT_POINTS,
} from '../../packages/server/src/ports/fault-point.ts';
import type { DriverName } from './server-process.ts';
import { runStorm } from './storm.ts';

/* Each moment between two steps at which a server can be made to die, in turn: it is come to, and nothing is lost there. */

/** What clients ask for is left to chance: a moment that they did not come to on a busy machine they are sent to again. */
const ROUNDS = 3;

async function dieAtEach(driver: DriverName, points: readonly FaultPointName[]): Promise<void> {
  let left = points;
  for (let round = 0; round < ROUNDS && left.length > 0; round++) left = await dieAtSome(driver, left);
  expect(left).toEqual([]);
}

/** Answers at which of them nobody died. */
async function dieAtSome(driver: DriverName, points: readonly FaultPointName[]): Promise<readonly FaultPointName[]> {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  // A virtual machine monitor runs as a user of its own, and has to get through to its run directory.
  chmodSync(directory, 0o711);
  const dataDir = join(directory, 'data');
  const seed = Date.now() % 2 ** 32;

  const result = await runStorm({ driver, dataDir, kills: points.length, seed, mix: 'turn', points });

  const { faults, history, reached } = result;
  // What is wrong first: a long history is cut off where reports are short.
  expect(faults, `${faults.join('\n')}\nseed ${seed}\n${history.join('\n')}`).toEqual([]);
  rmSync(directory, { recursive: true });
  return points.filter((point) => !reached.has(point));
}

test('at every step of the engine', { timeout: 1_800_000 }, async () => {
  await dieAtEach('simulated', COMMON_FAULT_POINTS);
});

test('while QEMU is started, and while the networks of its host are made', { timeout: 900_000 }, async () => {
  // Storms have no real tools; the driver's own tests die over giving them. Who may make no namespaces dies in none.
  const hasNetworks = whyNoBridges() === null;
  const points = QEMU_FAULT_POINTS.filter(
    (point) => point !== 'qemu.packs-attached' && (hasNetworks || !point.startsWith('networks.')),
  );
  await dieAtEach('qemu', points);
});

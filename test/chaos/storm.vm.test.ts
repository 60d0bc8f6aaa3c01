import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runStorm } from './storm.ts';

/* The same storm on real machines, shorter. */

const KILLS = 4;

test('no machine, command or event is lost with QEMU either', { timeout: 600_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  // A virtual machine monitor runs as a user of its own, and has to get through to its run directory.
  chmodSync(directory, 0o711);
  const seed = Date.now() % 2 ** 32;

  const result = await runStorm({
    driver: 'qemu',
    dataDir: join(directory, 'data'),
    kills: KILLS,
    seed,
    mix: 'both',
    firstPoint: seed,
  });

  const { faults, history } = result;
  // The faults come first: what prints this may cut a long history.
  expect(faults, `seed ${seed}: ${faults.join('; ')}\n${history.join('\n')}`).toEqual([]);
  expect(result.kills).toHaveLength(KILLS);
  rmSync(directory, { recursive: true });
});

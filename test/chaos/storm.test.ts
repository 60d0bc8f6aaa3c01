import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runStorm } from './storm.ts';

/* A short storm on simulated machines; `main.ts` runs long ones. A failure tells its seed. */

const KILLS = 14;

test('nothing is lost, doubled or left over by a server that is killed again and again', {
  timeout: 600_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'chaos-'));
  const seed = Date.now() % 2 ** 32;

  const result = await runStorm({
    driver: 'simulated',
    dataDir: join(directory, 'data'),
    kills: KILLS,
    seed,
    mix: 'both',
    firstPoint: seed,
  });

  const { faults, history } = result;
  expect(faults, `seed ${seed}\n${history.join('\n')}`).toEqual([]);
  expect(result.kills).toHaveLength(KILLS);
  rmSync(directory, { recursive: true });
});

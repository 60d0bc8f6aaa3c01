import { appendFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPinoLog } from '../system/pino-log.ts';
import { openDiskReserve } from './disk-reserve.ts';

const log = createPinoLog({ level: 'error' });
let dataDir: string;
let path: string;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'volary-test-reserve-'));
  path = join(dataDir, 'reserve');
});
afterEach(() => {
  rmSync(dataDir, { recursive: true });
});

/* What it does on a full disk is seen with the whole server: test/chaos/faults/disk-full.vm.test.ts. */
describe('the reserve of the disk', () => {
  it('is 8 MiB that are taken in earnest, once the server has started', async () => {
    await using reserve = openDiskReserve(dataDir, { log });
    expect(statSync(path).size).toBe(0);

    await reserve.keep();

    const { size, blocks, mode } = statSync(path);
    expect([size, blocks * 512, mode & 0o777]).toEqual([8 * 1024 ** 2, expect.closeTo(8 * 1024 ** 2, -5), 0o600]);
  });

  it('is left to the next server as it is, without what one left that was killed while it looked for room', async () => {
    await using first = openDiskReserve(dataDir, { log });
    await first.keep();
    appendFileSync(path, 'looking for room');

    await using next = openDiskReserve(dataDir, { log });
    expect(statSync(path).size).toBe(8 * 1024 ** 2);
    await next.keep();
    expect(statSync(path).size).toBe(8 * 1024 ** 2);
  });
});

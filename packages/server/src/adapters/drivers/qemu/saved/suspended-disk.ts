/**
 * What the disk of a suspended machine was like when its VMM had left it. Memory that knows another disk would damage that one, so a
 * disk that somebody has written to, or put in its place, is told from it.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../../../shared/replace-file.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import { suspendedDamaged } from '../errors.ts';

const FILE = 'disk.json';

async function describe(diskPath: string): Promise<string> {
  const { size, mtimeNs } = await stat(diskPath, { bigint: true });
  return `${JSON.stringify({ size: `${size}`, modifiedNs: `${mtimeNs}` })}\n`;
}

/** Notes what the disk is like, beside what was saved, and returns when not even a loss of power can undo that. Its VMM is gone. */
export async function noteSuspendedDisk(diskPath: string, saved: string): Promise<void> {
  const path = join(saved, FILE);
  await replaceFile(path, await describe(diskPath), { mode: 0o600 });
  await synchronise(path);
  await synchronise(saved);
}

/**
 * Throws `data_loss` driver.suspended_damaged if the disk is another one. A server that was killed, or a host that lost its
 * power, before it was noted has left nothing to compare, or an empty file.
 */
export async function checkSuspendedDisk(diskPath: string, saved: string): Promise<void> {
  const [then, now] = [await readFile(join(saved, FILE), 'utf8').catch(() => null), await describe(diskPath)];
  if (then !== null && then !== '' && then !== now) throw suspendedDamaged({ then, now });
}

/**
 * What the disks of a suspended machine were like when its VMM had left them. Memory that knows another disk would damage that one, so a
 * disk that somebody has written to, or put in its place, is told from it.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessAbsent } from '../../../shared/read-facts.ts';
import { replaceFile } from '../../../shared/replace-file.ts';
import { synchronise } from '../../../shared/synchronise.ts';
import { suspendedDamaged } from '../errors.ts';

const FILE = 'disk.json';

/** A line for each. */
async function describe(diskPaths: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const path of diskPaths) {
    const { size, mtimeNs } = await stat(path, { bigint: true });
    lines.push(`${JSON.stringify({ size: `${size}`, modifiedNs: `${mtimeNs}` })}\n`);
  }
  return lines.join('');
}

/** Notes what the disks are like, the root first, beside what was saved, and returns when not even a loss of power can undo that. Its VMM is gone. */
export async function noteSuspendedDisks(diskPaths: readonly string[], saved: string): Promise<void> {
  const path = join(saved, FILE);
  await replaceFile(path, await describe(diskPaths), { mode: 0o600 });
  await synchronise(path);
  await synchronise(saved);
}

/**
 * Throws `data_loss` driver.suspended_damaged if one of the disks is another one. An earlier version has noted the root alone. A server that was killed, or a host that lost its
 * power, before it was noted has left nothing to compare, or an empty file.
 * Throws `unavailable` host.file_unreadable where the note cannot be read.
 */
export async function checkSuspendedDisks(diskPaths: readonly string[], saved: string): Promise<void> {
  const [then, now] = [await readFile(join(saved, FILE), 'utf8').catch(unlessAbsent), await describe(diskPaths)];
  if (then !== null && !now.startsWith(then)) throw suspendedDamaged({ then, now });
}

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Firmware } from '../../../../domain/image/definition.ts';
import type { FirmwareImage } from '../../../../domain/image/image.ts';

const run = promisify(execFile);
const SCRIPT = new URL('../../../../../../../test/full-os/build-image.sh', import.meta.url).pathname;
/** Where the script puts the root file system, bytes. */
const ROOT_OFFSET = 18_432 * 512;

/**
 * A whole Debian's raw disk, made by `test/full-os/build-image.sh` when it is not in the cache: a minute, as root. `without` what, besides
 * cloud-init: nothing that would let our agent in.
 */
export async function fullOsDisk({ without }: { readonly without?: 'cloud-init' } = {}): Promise<string> {
  const cache = join(process.env['VOLARY_CACHE_DIR'] ?? join(homedir(), '.cache', 'volary'), 'full-os');
  await mkdir(cache, { recursive: true });
  const digest = createHash('sha256')
    .update(await readFile(SCRIPT))
    .digest('hex')
    .slice(0, 12);
  const path = join(cache, `debian-${digest}.raw`);
  if (!existsSync(path)) await makeAt(path, (part) => run('sh', [SCRIPT, part], { maxBuffer: 64 * 1024 ** 2 }));
  if (without === undefined) return path;
  const bare = join(cache, `debian-${digest}-without-${without}.raw`);
  if (!existsSync(bare))
    await makeAt(bare, async (part) => {
      await run('cp', ['--reflink=auto', '--sparse=always', path, part]);
      const request = 'write /dev/null /etc/cloud/cloud-init.disabled';
      await run('debugfs', ['-w', '-R', request, `${part}?offset=${ROOT_OFFSET}`]);
    });
  return bare;
}

/** The disk as an image that starts by its firmware. */
export async function fullOsImage(rootPath: string, firmware: Firmware = 'bios'): Promise<FirmwareImage> {
  const { size, blocks } = await stat(rootPath);
  const digest = createHash('sha256').update(`${rootPath} ${firmware}`).digest('hex');
  const sizes = { rootBytes: size, sizeBytes: blocks * 512 };
  return { boot: 'firmware', firmware, name: 'debian', digest, rootPath, ...sizes, builtAt: 0 };
}

async function makeAt(path: string, make: (part: string) => Promise<unknown>): Promise<void> {
  const part = `${path}.${process.pid}`;
  try {
    await make(part);
    await rename(part, path);
  } finally {
    await rm(part, { force: true });
  }
}

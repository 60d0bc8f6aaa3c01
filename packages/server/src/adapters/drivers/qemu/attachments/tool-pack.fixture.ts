import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pack } from '../../../../ports/machine-packs.ts';

/** A pack, made in `directory`, with a command of the tool's name that says `version`, and one that comes by a link. */
export function makeToolPack(directory: string, name: string, version: string): Pack {
  const root = join(directory, `${name}-${version}`);
  mkdirSync(join(root, 'bin'), { recursive: true });
  mkdirSync(join(root, 'lib'));
  writeFileSync(join(root, 'bin', name), `#!/bin/sh\necho ${name} ${version}\n`, { mode: 0o755 });
  writeFileSync(join(root, 'lib', 'linked'), `#!/bin/sh\necho linked ${version}\n`, { mode: 0o755 });
  symlinkSync('../lib/linked', join(root, 'bin', `${name}-linked`));
  const path = `${root}.squashfs`;
  execFileSync('mksquashfs', [root, path, '-quiet', '-no-progress', '-all-root']);
  chmodSync(path, 0o444);
  return { name, version, digest: createHash('sha256').update(readFileSync(path)).digest('hex'), path };
}

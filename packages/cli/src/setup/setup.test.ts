import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseStatusLine } from './apt.ts';
import {
  distributionsIn,
  findMissingTools,
  findPackageManager,
  findProgram,
  installCommand,
  packagesFor,
} from './find-tools.ts';
import { TOOLS } from './tools.ts';

describe("apt's progress", () => {
  it('has downloads as its first half and unpacking as its second', () => {
    expect(parseStatusLine('dlstatus:1:50.0:Retrieving file 1 of 2')).toEqual({
      fraction: 0.25,
      message: 'Retrieving file 1 of 2',
    });
    expect(parseStatusLine('pmstatus:gcc:80.0:Unpacking gcc (amd64)')).toEqual({
      fraction: 0.9,
      message: 'Unpacking gcc (amd64)',
    });
    expect(parseStatusLine('pmstatus:libc6:amd64:100:Installed libc6:amd64')).toEqual({
      fraction: 1,
      message: 'Installed libc6:amd64',
    });
    expect(parseStatusLine('Reading package lists...')).toBeNull();
  });
});

describe('the tools of the system', () => {
  it('are found along PATH, if they may be run', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'volary-test-path-'));
    try {
      await writeFile(join(directory, 'volary-test-tool'), '');
      expect(await findProgram('volary-test-tool', { PATH: `/nowhere:${directory}` })).toBeNull();

      await chmod(join(directory, 'volary-test-tool'), 0o755);
      expect(await findProgram('volary-test-tool', { PATH: `/nowhere:${directory}` })).toBe(
        join(directory, 'volary-test-tool'),
      );
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('are all packaged for Debian', () => {
    expect(TOOLS.filter((tool) => tool.packages['apt-get'] === undefined)).toEqual([]);
    expect(new Set(packagesFor(TOOLS, 'apt-get')).size).toBe(packagesFor(TOOLS, 'apt-get').length);
  });

  it('come by one exact command, where one brings all of them', () => {
    const gcc = TOOLS.filter((tool) => tool.probe === 'gcc' || tool.probe === 'make');

    expect(installCommand(gcc, 'apt-get')).toMatch(/^(sudo )?apt-get install -y --no-install-recommends gcc make$/);
    expect(installCommand(gcc, 'pacman')).toMatch(/pacman -S --needed gcc make$/);
    expect(installCommand(TOOLS, 'pacman')).toBeNull();
    expect(installCommand(gcc, null)).toBeNull();
  });

  it('are those of the system, which says what it is', () => {
    expect(distributionsIn('PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_ID="12"\nID=debian\n')).toEqual(['debian']);
    expect(distributionsIn('ID="linuxmint"\nID_LIKE="ubuntu debian"\n')).toEqual(['linuxmint', 'ubuntu', 'debian']);
    expect(distributionsIn('')).toEqual([]);
  });

  it('are looked for in this machine, not assumed', async () => {
    const missing = await findMissingTools('vms', { PATH: '/nowhere' });

    expect(missing.map((tool) => tool.probe)).toContain('qemu-system-x86_64');
    expect(await findPackageManager({ PATH: '/nowhere' })).toBeNull();
  });
});

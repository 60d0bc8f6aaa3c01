import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Disk images with the whole program and a real guest: imported from a folder of the host, booted by our kernel with our agent. */

let here: Installation;
beforeEach(() => {
  here = createInstallation('qemu');
});
afterEach(() => here.remove());

/** Where e2fsprogs is, also for who is not root. */
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

it('imports a disk, boots a VM from it, refuses it with one byte changed, and lets it go when nothing needs it', {
  timeout: 300_000,
}, async () => {
  await here.must(['up', '--detach', '--no-vm']);
  await here.must(['image', 'build', 'base']);
  const { current } = JSON.parse(await here.must(['image', 'ls', '--json'])).items[0];
  const root = join(here.env['VOLARY_CACHE_DIR'] ?? '', 'images', `base-${current.digest.slice(0, 12)}`, 'root.raw');
  const imports = join(here.dataDir, 'imports');
  mkdirSync(imports);
  const [raw, path] = [join(here.directory, 'own.raw'), join(imports, 'own.qcow2')];
  execFileSync('cp', ['--sparse=always', root, raw]);
  writeFileSync(join(here.directory, 'marker'), 'it is the disk that was imported\n');
  execFileSync('debugfs', ['-w', '-R', `write ${join(here.directory, 'marker')} /marker`, raw], { env, stdio: 'pipe' });
  execFileSync('qemu-img', ['convert', '-c', '-O', 'qcow2', raw, path]);

  expect(await here.must(['image', 'import', path, '--name', 'own', '--boot', 'direct'])).toBe('own');
  await here.must(['create', 'first', '--image', 'own']);

  expect(await here.must(['exec', 'first', '--', 'cat', '/marker'])).toBe('it is the disk that was imported');
  const listed = JSON.parse(await here.must(['image', 'ls', '--json'])).items;
  expect(listed.find(({ name }: { name: string }) => name === 'own')).toMatchObject({
    ...{ is_built_in: false, owner: 'admin', last_used_at: expect.any(String) },
    disk: { path, format: 'qcow2', boot: 'direct', kernel: null },
    current: { boot: 'direct', kernel_version: current.kernel_version, root_bytes: current.root_bytes },
  });
  expect(await here.volary(['image', 'rm', 'own'])).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('is used by vm first'),
  });

  const { sha256 } = listed.find(({ name }: { name: string }) => name === 'own').disk;
  const content = readFileSync(path);
  content[content.length >> 1] = 1 ^ (content[content.length >> 1] ?? 0);
  writeFileSync(path, content);
  const changed = await here.volary(['image', 'import', path, '--sha256', sha256, '--name', 'changed']);
  expect(changed.code).not.toBe(0);
  expect(changed.stderr).toContain('its sha256 is');
  const defined = JSON.parse(await here.must(['image', 'ls', '--json'])).items.filter(
    ({ owner }: { owner: string | null }) => owner !== null,
  );
  expect(defined.map(({ name }: { name: string }) => name)).toEqual(['own']);
  expect((await here.volary(['image', 'import', '/etc/passwd', '--name', 'secrets'])).stderr).toContain(
    'certain folders',
  );

  await here.must(['rm', '--force', 'first']);
  // With what an earlier run in this cache may have left.
  expect(await here.must(['image', 'rm', 'own'])).toMatch(/^(own [0-9a-f]{64}\n?)+$/);
});

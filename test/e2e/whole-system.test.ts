import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fullOsDisk } from '../../packages/server/src/adapters/drivers/qemu/full-os/full-os-disk.fixture.ts';
import { createInstallation, type Installation, runToEnd } from './installation.ts';

/* A system that brings everything of its own, as a user has it: a file, imported as an image, and what cloud-init is to do. */

const BOOT_MS = 900_000;
const USER_DATA = `#cloud-config
users:
  - name: ada
write_files:
  - path: /etc/told.txt
    content: |
      by cloud-init
packages:
  - hello
`;

let here: Installation;
beforeAll(async () => {
  const disk = await fullOsDisk();
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  mkdirSync(join(here.dataDir, 'imports'), { recursive: true });
  const path = join(here.dataDir, 'imports', 'debian.qcow2');
  const converted = await runToEnd(['qemu-img', 'convert', '-O', 'qcow2', disk, path], { env: here.env });
  expect(converted).toMatchObject({ code: 0 });
  await here.must(['image', 'import', path]);
});
afterAll(() => here.remove());

/** On a busy host it may take longer than it is waited for: then it runs, and answers later. Until then each command is refused after a wait. */
async function untilAnswering(vm: string): Promise<void> {
  const deadline = performance.now() + BOOT_MS / 2;
  for (;;) {
    const { code, stderr } = await here.volary(['exec', vm, '--', 'true']);
    if (code === 0) return;
    if (performance.now() > deadline) throw new Error(stderr);
  }
}

it(
  'takes its #cloud-config (a user, a file, a package list seen by cloud-init) and answers an exec',
  async () => {
    const userData = join(here.directory, 'user-data');
    writeFileSync(userData, USER_DATA);

    await here.must(['create', 'web', '--image', 'debian', '--memory', '512', '--disk', '4', '--user-data', userData]);

    await untilAnswering('web');
    await here.must(['exec', 'web', '--', 'cloud-init', 'status', '--wait']);
    const told = await here.must(['exec', 'web', '--', 'sh', '-c', 'id -un ada; cat /etc/told.txt; hello']);
    expect(told).toBe('ada\nby cloud-init\nHello, world!');
    expect(await here.must(['exec', 'web', '--', 'hostname'])).toBe('web');
    expect(JSON.parse(await here.must(['get', 'web', '--json']))).toMatchObject({
      health: 'healthy',
      cloud_init: { user_data: USER_DATA },
    });
  },
  BOOT_MS,
);

it('refuses a #cloud-config that cannot be read with its line, and has made nothing', async () => {
  const userData = join(here.directory, 'broken');
  writeFileSync(userData, '#cloud-config\nusers: [ada\n');

  const { code, stderr } = await here.volary(['create', 'bad', '--image', 'debian', '--user-data', userData]);

  expect(code).not.toBe(0);
  expect(stderr).toContain('cloud_init.user_data');
  expect((await here.must(['ls', '-q'])).split('\n')).not.toContain('bad');
});

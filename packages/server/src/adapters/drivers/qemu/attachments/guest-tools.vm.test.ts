import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DiskSpec } from '../../../../ports/driver.ts';
import type { GuestLink } from '../../../../ports/guest-link.ts';
import type { MachinePacks, Pack } from '../../../../ports/machine-packs.ts';
import { removeVm } from '../qemu-host.fixture.ts';
import { tryInGuest } from '../run-in-guest.fixture.ts';
import { useQemu } from '../use-qemu.fixture.ts';
import { makeToolPack } from './tool-pack.fixture.ts';

/* What the agent makes of packs: commands on everybody's PATH. */

const options = { signal: new AbortController().signal };
const qemu = useQemu();
let machine: DiskSpec;
let link: GuestLink;

beforeAll(async () => {
  machine = qemu.host.makeMachine();
  await qemu.driver.createDisk(machine, options);
  await qemu.driver.startMachine(machine, options);
  link = await qemu.driver.openLink(machine.vmId, options);
}, 240_000);

afterAll(async () => {
  await removeVm(qemu.driver, machine.vmId);
});

function packs(): MachinePacks {
  if (qemu.driver.packs === null) throw new Error('QEMU has packs');
  return qemu.driver.packs;
}

async function give(...given: readonly Pack[]): Promise<void> {
  const wanted = new Set(given.map(({ digest }) => digest));
  await packs().attach(machine.vmId, given, {
    ...options,
    tell: (all) =>
      link.setTools(
        packs().diskSerial,
        all.filter(({ digest }) => wanted.has(digest)),
        options,
      ),
  });
}

/** What the script says, however it ends. */
async function run(script: string, as: { readonly user?: string } = {}): Promise<string> {
  return (await tryInGuest(link, script, as)).text;
}

test('the first command after it was told finds them, whoever runs it and in whichever shell', {
  timeout: 120_000,
}, async () => {
  expect(await run('command -v one')).toBe('');
  await run('useradd -m -s /bin/bash somebody; useradd -m -s /bin/sh other');

  await give(makeToolPack(qemu.host.cacheDir, 'one', '1'), makeToolPack(qemu.host.cacheDir, 'two', '2'));
  const first = await run('one; two; one-linked');
  await link.awaitTools(options);

  expect(first).toBe('one 1\ntwo 2\nlinked 1');
  const ways = [
    'sh -lc one',
    'bash -lc one',
    'bash -c one',
    'su -c one',
    'su - -c one',
    'su somebody -c one',
    'su - somebody -c one',
    'su - other -c one',
    'env -i /bin/bash -lc one',
  ];
  for (const way of ways) expect(`${way}: ${await run(way)}`).toBe(`${way}: one 1`);
  expect(await run('one', { user: 'somebody' })).toBe('one 1');
  expect(await run('bash -lic "two" 2>/dev/null', { user: 'other' })).toBe('two 2');
});

test('they can only be read, and nothing of them is on the disk of the VM', async () => {
  expect(await run('echo x > /opt/volary/tools/one/bin/one')).toContain('Read-only file system');
  expect(await run('findmnt -n -o FSTYPE /opt/volary || stat -f -c %T /opt/volary')).toBe('tmpfs');
});

test('one that is added is there besides, one in another version takes the place of the former, and one that is left out goes', {
  timeout: 60_000,
}, async () => {
  const [one, three] = [makeToolPack(qemu.host.cacheDir, 'one', '1.1'), makeToolPack(qemu.host.cacheDir, 'three', '3')];
  await give(one, three);

  expect(await run('one; three; one-linked; command -v two two-linked; ls /opt/volary/tools')).toBe(
    'one 1.1\nthree 3\nlinked 1.1\none\nthree',
  );
});

test('what is no pack is told by its name to whoever waits, and commands run nevertheless', {
  timeout: 60_000,
}, async () => {
  const path = join(qemu.host.cacheDir, 'broken');
  // The beginning of one, and nothing after it.
  writeFileSync(path, Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(8188)]), { mode: 0o444 });
  const digest = createHash('sha256').update(readFileSync(path)).digest('hex');

  await give({ name: 'broken', version: '1', digest, path });

  await expect(link.awaitTools(options)).rejects.toMatchObject({ reason: 'guest.refused' });
  expect(await run('echo alive')).toBe('alive');
});

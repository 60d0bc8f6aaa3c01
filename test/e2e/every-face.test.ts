import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFaceClients, FACE_NAMES, type FaceClient, type FaceName, WORDS } from '../compat/face-clients.ts';
import { createInstallation, type Installation } from './installation.ts';

/* A real machine, through all five faces in turn; what holds of each pair of them is in test/compat, on simulated ones. */

const PATIENCE = { timeout: 120_000, interval: 200 };
let here: Installation;
let faces: Readonly<Record<FaceName, FaceClient>>;

beforeAll(async () => {
  here = createInstallation('qemu');
  await here.must(['up', '--detach', '--no-vm']);
  const { url }: { readonly url: string } = JSON.parse(readFileSync(join(here.dataDir, 'server.json'), 'utf8'));
  const key = readFileSync(join(here.dataDir, 'admin.key'), 'utf8').trim();
  faces = createFaceClients({ url, key, template: 'base' });
});
afterAll(async () => {
  await here?.remove();
});

async function until(face: FaceName, state: keyof typeof WORDS): Promise<void> {
  await expect.poll(async () => (await faces[face].see('shared'))?.status, PATIENCE).toBe(WORDS[state][face]);
}

async function expectEverywhere(state: keyof typeof WORDS): Promise<void> {
  const seen = await Promise.all(FACE_NAMES.map((face) => faces[face].see('shared')));
  expect(seen.map((vm) => vm?.status)).toEqual(FACE_NAMES.map((face) => WORDS[state][face]));
}

it('a workspace of vm-api is one machine, driven through each of the others', { timeout: 600_000 }, async () => {
  await faces['vm-api'].create('shared');
  await until('vm-api', 'running');
  await expectEverywhere('running');

  expect(await faces.v1.run?.('shared', 'echo kept > /root/kept; sync')).toEqual({ code: 0, stdout: '' });
  await faces.volant.stop?.('shared');
  await expectEverywhere('stopped');
  await faces.novacron.start?.('shared');
  await until('novacron', 'running');
  await expectEverywhere('running');
  expect(await faces.aetherium.run?.('shared', 'cat /root/kept')).toEqual({ code: 0, stdout: 'kept\n' });

  await faces.novacron.remove('shared');
  await expect.poll(() => faces.novacron.see('shared'), PATIENCE).toBeNull();
  for (const face of FACE_NAMES) expect(await faces[face].see('shared')).toBeNull();
});

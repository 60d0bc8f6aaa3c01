import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createInstallation, type Installation } from './installation.ts';

/* Warm starts with the whole program and real guests: the second VM of a kind begins where the first has left a template. */

let here: Installation;
beforeEach(() => {
  here = createInstallation('qemu');
});
afterEach(() => here.remove());

const warmly = { env: { VOLARY_WARM_TEMPLATES: 'on' } };

/** Whether its machine was restored rather than booted, by what is written down of it. */
function isRestored(vmId: string): boolean {
  return JSON.parse(readFileSync(join(here.dataDir, 'vms', vmId, 'launch.json'), 'utf8')).restore !== null;
}

it('begins the second VM of a kind as a fork, with a name, an identity, an address and a clock of its own', {
  timeout: 300_000,
}, async () => {
  const templates = join(String(here.env['VOLARY_CACHE_DIR']), 'warm');
  // A size that nobody else here has: its template is not there yet, or was made by an earlier run of this test.
  const size = ['--memory', '208', '--disk', '3'];
  await here.must(['up', '--detach', '--no-vm'], warmly);
  await here.must(['create', 'one', ...size]);
  const isThere = (): boolean =>
    existsSync(templates) &&
    readdirSync(templates).some((key) => /^[0-9a-f]{32}$/.test(key) && sizeOf(join(templates, key)) === 208);
  await expect.poll(isThere, { timeout: 60_000, interval: 200 }).toBe(true);

  const two = JSON.parse(await here.must(['create', 'two', ...size, '--json']));
  const three = JSON.parse(await here.must(['create', 'three', ...size, '--json']));

  expect([isRestored(two.id), isRestored(three.id)]).toEqual([true, true]);
  const script = 'hostname; cat /etc/machine-id; cat /sys/class/net/eth0/address; date +%s; ls -A /root | wc -l';
  const [a, b] = await Promise.all(['two', 'three'].map((name) => here.must(['exec', name, '--', 'sh', '-c', script])));
  const [ofTwo, ofThree] = [String(a).split('\n'), String(b).split('\n')];
  expect([ofTwo[0], ofThree[0]]).toEqual(['two', 'three']);
  expect(ofTwo[1]).not.toBe(ofThree[1]);
  expect(ofTwo[2]).not.toBe(ofThree[2]);
  for (const facts of [ofTwo, ofThree]) expect(Math.abs(Number(facts[3]) * 1000 - Date.now())).toBeLessThan(5_000);
  // A restart boots from the VM's own disk.
  await here.must(['exec', 'two', '--', 'sh', '-c', 'echo kept > /root/file; sync']);
  await here.must(['restart', 'two']);
  expect(await here.must(['exec', 'two', '--', 'sh', '-c', 'cat /root/file; hostname'])).toBe('kept\ntwo');
  expect(isRestored(two.id)).toBe(false);
});

function sizeOf(template: string): number {
  const path = join(template, 'machine.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).memoryMib : 0;
}

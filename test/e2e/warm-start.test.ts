import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createInstallation, type Installation, type Outcome } from './installation.ts';

/* Warm starts with the whole program and real guests: the second VM of a kind begins where the first has left a template. */

let here: Installation;
beforeEach(() => {
  here = createInstallation('qemu');
});
afterEach(() => here.remove());

const warmly = { env: { VOLARY_WARM_TEMPLATES: 'on', VOLARY_WARM_POOL_COUNT: '0' } };

/** What is written down of its machine; null where there is none. */
function recordOf(vmId: string): { readonly restore: unknown; readonly isSpare?: boolean } | null {
  const path = join(here.dataDir, 'vms', vmId, 'launch.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
}

/** Whether its machine was restored rather than booted. */
function isRestored(vmId: string): boolean {
  return recordOf(vmId)?.restore != null;
}

it('begins the second VM of a kind as a fork, with a name, an identity, an address and a clock of its own', {
  timeout: 300_000,
}, async () => {
  // A size that nobody else here has: its template is not there yet, or was made by an earlier run of this test.
  const size = ['--memory', '208', '--disk', '3'];
  await here.must(['up', '--detach', '--no-vm'], warmly);
  await here.must(['create', 'one', ...size]);
  const create = (name: string) => here.volary(['create', name, ...size, '--warm', 'require', '--json']);
  let made: Outcome | undefined;
  await expect
    .poll(
      async () => {
        made = await create('two');
        return made.code;
      },
      { timeout: 60_000, interval: 500 },
    )
    .toBe(0);

  const two = JSON.parse(made?.stdout ?? '');
  const three = JSON.parse((await create('three')).stdout);

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

it('gives a new VM the machine that was made ahead of it', { timeout: 300_000 }, async () => {
  const size = ['--memory', '224', '--disk', '3'];
  await here.must(['up', '--detach', '--no-vm'], { env: { VOLARY_WARM_TEMPLATES: 'on' } });
  await here.must(['create', 'one', ...size]);
  const isSpare = (id: string): boolean => recordOf(id)?.isSpare === true;
  // It is taken only when it is ready, which cannot be seen from outside.
  let given = '';
  await expect
    .poll(
      async () => {
        const spares = readdirSync(join(here.dataDir, 'vms')).filter(isSpare);
        given = JSON.parse(await here.must(['create', ...size, '--json'])).name;
        return spares.includes(JSON.parse(await here.must(['get', given, '--json'])).id);
      },
      { timeout: 120_000, interval: 1_000 },
    )
    .toBe(true);

  const script = 'hostname; cat /etc/machine-id; cat /sys/class/net/eth0/carrier; date +%s';
  const [hostname, machineId, carrier, seconds] = (await here.must(['exec', given, '--', 'sh', '-c', script])).split(
    '\n',
  );
  expect([hostname, carrier]).toEqual([given, '1']);
  expect(machineId).not.toBe(await here.must(['exec', 'one', '--', 'cat', '/etc/machine-id']));
  expect(Math.abs(Number(seconds) * 1000 - Date.now())).toBeLessThan(5_000);
  // What waits goes with its server: nobody else knows of it.
  for (const { id } of JSON.parse(await here.must(['ls', '--json'])).items) await here.must(['rm', id]);
  await here.must(['down']);
  expect(readdirSync(join(here.dataDir, 'vms'))).toEqual([]);
});

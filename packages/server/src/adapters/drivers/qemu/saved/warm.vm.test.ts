import { beforeAll, expect, test } from 'vitest';
import type { WarmTemplates } from '../../../../ports/driver.ts';
import { runInGuest } from '../run-in-guest.fixture.ts';
import { useQemu } from '../use-qemu.fixture.ts';

/* VMs that begin as forks of a guest which has booted for them before: what the driver contract cannot ask of every guest. */

const options = { signal: new AbortController().signal };
const qemu = useQemu();
let warm: WarmTemplates;

beforeAll(async () => {
  if (qemu.driver.warm === null) throw new Error('QEMU has warm templates');
  warm = qemu.driver.warm;
});

test('a VM begins as a fork of its template, as itself, with a link and a disk of its own', async () => {
  const model = qemu.newMachine();
  expect(await warm.find(model, options)).toBeNull();

  const template = await warm.build(model, options);

  expect(await warm.list()).toEqual([template]);
  expect(await warm.build(model, options)).toEqual(template);
  const from = { kind: 'warm', key: template.key } as const;
  const facts: string[][] = [];
  for (const name of ['one', 'two']) {
    const fork = qemu.newMachine({ name, from, spec: { ...model.spec, diskGib: 2 } });
    expect((await warm.find(fork, options))?.key).toBe(template.key);
    await qemu.driver.createDisk(fork, options);
    await qemu.driver.startMachine(fork, options);
    const link = await qemu.driver.openLink(fork.vmId, options);
    facts.push(
      (await runInGuest(link, 'hostname; cat /etc/machine-id /proc/sys/kernel/random/uuid; ls -A /root | wc -l')).split(
        '\n',
      ),
    );
    await runInGuest(link, `echo ${name} > /root/mine`);
    expect(await runInGuest(link, 'cat /sys/class/net/eth0/address; ip -4 -o address show eth0 || true')).toContain(
      '52:54:00',
    );
  }
  expect(facts.map(([hostname]) => hostname)).toEqual(['one', 'two']);
  expect(new Set(facts.map(([, machineId]) => machineId)).size).toBe(2);
  expect(new Set(facts.map(([, , uuid]) => uuid)).size).toBe(2);
  await warm.remove(template.key);
  expect(await warm.find(model, options)).toBeNull();
});

test("a spare waits, halted, is nobody's, and is itself when it is given to its VM", async () => {
  const model = qemu.newMachine();
  const { key } = await warm.build(model, options);
  const { vmId, spec, image } = qemu.newMachine({ spec: { ...model.spec, diskGib: 2 } });

  await warm.startSpare({ vmId, incarnation: 1, spec, image }, { ...options, key });

  const found = (await qemu.driver.findAll(options)).find((one) => one.vmId === vmId);
  expect(found).toMatchObject({ isSpare: true, observation: { machine: { kind: 'paused', incarnation: 1 } } });
  await expect(qemu.driver.openLink(vmId, options)).rejects.toMatchObject({ reason: 'driver.no_machine' });

  const pid = found?.observation.machine.kind === 'paused' ? found.observation.machine.pid : null;
  const handle = await qemu.driver.startMachine({ vmId, name: 'given', incarnation: 1, spec, labels: {} }, options);
  expect(handle.state).toMatchObject({ pid });
  const link = await qemu.driver.openLink(vmId, options);
  const facts = (await runInGuest(link, 'hostname; cat /sys/class/net/eth0/carrier; date +%s%N')).split('\n');
  expect(facts.slice(0, 2)).toEqual(['given', '1']);
  expect(Math.abs(Number(facts[2]) / 1e6 - Date.now())).toBeLessThan(5_000);
  expect((await qemu.driver.findAll(options)).find((one) => one.vmId === vmId)?.isSpare).toBe(false);
});

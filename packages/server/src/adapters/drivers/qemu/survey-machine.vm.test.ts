import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VmId } from '../../../domain/ids.ts';
import { formatAddress } from '../../../domain/network/cidr.ts';
import { macOfAddress } from '../../../domain/network/mac.ts';
import { networkOf } from '../../../domain/network/vm-network.ts';
import { until } from '../../../lib/testing/until.ts';
import type { Driver, MachineFigures } from '../../../ports/driver.ts';
import { createNetworkWorld, plannedGuest, plannedNetwork } from '../../networks/network-world.fixture.ts';
import { whyNoBridges } from '../../networks/why-no-bridges.ts';
import { makeQemuHost, type QemuHost, removeVm } from './qemu-host.fixture.ts';
import { runInGuest } from './run-in-guest.fixture.ts';

const whyNot = whyNoBridges();
const options = { signal: new AbortController().signal };
const MIB = 1024 ** 2;
let host: QemuHost;

beforeAll(async () => {
  host = await makeQemuHost();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** With what its monitor counts, which is left out when that takes too long to answer, as on a busy host. */
async function surveyAll(driver: Driver, vmId: VmId): Promise<MachineFigures> {
  return await until(
    async () => {
      const figures = await survey(driver, vmId);
      return figures.diskOperations !== null && figures;
    },
    'an answer of the monitor in time',
    { everyMs: 100 },
  );
}

async function survey(driver: Driver, vmId: VmId): Promise<MachineFigures> {
  const figures = await driver.surveyMachine(vmId, options);
  if (figures === null) throw new Error('there is a machine');
  return figures;
}

describe('what the host knows of a machine', { timeout: 300_000 }, () => {
  it('is what its guest does to its disks, and what its monitor holds of memory', async () => {
    await using driver = host.makeDriver();
    const machine = host.makeMachine();
    const { vmId } = machine;
    try {
      await driver.createDisk(machine, options);
      await driver.startMachine(machine, options);
      await using link = await driver.openLink(vmId, options);
      const [first, toldFirst] = [await surveyAll(driver, vmId), await link.stats(options)];
      const script =
        'dd if=/dev/zero of=/root/big bs=1M count=48 conv=fsync; echo 3 > /proc/sys/vm/drop_caches; cat /root/big';
      await runInGuest(link, `{ ${script}; } > /dev/null 2>&1; sync`);

      const [last, toldLast] = [await surveyAll(driver, vmId), await link.stats(options)];

      for (const way of ['read', 'written'] as const) {
        const counted = (last.diskTransferBytes?.[way] ?? 0) - (first.diskTransferBytes?.[way] ?? 0);
        const told = (toldLast.diskTransferBytes?.[way] ?? 0) - (toldFirst.diskTransferBytes?.[way] ?? 0);
        expect(counted).toBeGreaterThanOrEqual(48 * MIB);
        // The two were not asked at the same moment.
        expect(Math.abs(counted - told)).toBeLessThan(4 * MIB);
      }
      expect(last.diskOperations?.reads).toBeGreaterThan((first.diskOperations?.reads ?? 0) + 10);
      expect(last.diskOperations?.writes).toBeGreaterThan((first.diskOperations?.writes ?? 0) + 10);
      expect(last.heldBytes).toBeGreaterThan(64 * MIB);
      expect(last.cpuMs).toBeGreaterThan(first.cpuMs);
      expect(last.uptimeMs).toBeGreaterThan(first.uptimeMs);
      // Nobody on the host counts what passes a network of the monitor's own.
      expect([last.networkBytes, last.networkPackets]).toEqual([null, null]);
    } finally {
      await removeVm(driver, vmId);
    }
  });

  it('is waited for no longer than a second, and is all there again as soon as its monitor answers', async () => {
    await using driver = host.makeDriver();
    const machine = host.makeMachine();
    const { vmId } = machine;
    try {
      await driver.createDisk(machine, options);
      await driver.startMachine(machine, options);
      const { machine: found } = await driver.inspect(vmId, options);
      if (found.kind !== 'running' || found.pid === null) throw new Error('it runs');
      const before = await surveyAll(driver, vmId);
      process.kill(found.pid, 'SIGSTOP');

      const hung = await Promise.all([survey(driver, vmId), survey(driver, vmId)]);
      process.kill(found.pid, 'SIGCONT');
      const after = await surveyAll(driver, vmId);

      for (const { diskTransferBytes, diskOperations, cpuMs, heldBytes } of hung) {
        expect([diskTransferBytes, diskOperations]).toEqual([null, null]);
        expect(cpuMs).toBeGreaterThanOrEqual(before.cpuMs);
        expect(heldBytes).toBeGreaterThan(0);
      }
      expect(after.diskOperations?.reads).toBeGreaterThanOrEqual(before.diskOperations?.reads ?? Infinity);
      expect((await driver.inspect(vmId, options)).machine.kind).toBe('running');
    } finally {
      await removeVm(driver, vmId);
    }
  });

  it('is what passes its interface, as its guest received and sent it', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using world = await createNetworkWorld();
    await using driver = host.makeDriver();
    const blue = plannedNetwork(1);
    const guest = plannedGuest(blue, 2);
    const { vmId } = guest;
    await world.apply({ networks: [blue], guests: [guest], groups: [] });
    const ip = formatAddress(guest.address);
    const gateway = ip.replace(/\d+$/, '1');
    const place = { mac: macOfAddress(guest.address), address: `${ip}/24`, gateway, dns: null };
    const boots = host.makeMachine({ vmId, network: { ...world.networks.portOf(vmId), ...place } });
    const machine = { ...boots, spec: { ...boots.spec, network: networkOf({ mode: 'bridge' }) } };
    try {
      await driver.createDisk(machine, options);
      await driver.startMachine(machine, options);
      await using link = await driver.openLink(vmId, options);
      const first = await survey(driver, vmId);
      // Nobody takes these, so that hardly anything comes back.
      const script = `exec 3<>/dev/udp/${gateway}/9; for i in {1..400}; do printf '%01000d' 0 >&3; done || true`;
      await runInGuest(link, `bash -c "${script}" 2> /dev/null`);

      const last = await survey(driver, vmId);
      const { networkBytes, networkPackets } = await link.stats(options);

      const added = (way: 'received' | 'sent') => (last.networkBytes?.[way] ?? 0) - (first.networkBytes?.[way] ?? 0);
      expect(added('sent')).toBeGreaterThan(400_000);
      expect(added('received')).toBeLessThan(200_000);
      expect(last.networkPackets?.sent).toBeGreaterThanOrEqual((first.networkPackets?.sent ?? 0) + 400);
      // Its guest has counted the same, but for what was lost before anybody had an interface.
      expect(Math.abs((last.networkBytes?.sent ?? 0) - (networkBytes.sent ?? 0))).toBeLessThan(20_000);
      expect(Math.abs((last.networkPackets?.sent ?? 0) - (networkPackets?.sent ?? 0))).toBeLessThan(100);
    } finally {
      await removeVm(driver, vmId);
    }
  });
});

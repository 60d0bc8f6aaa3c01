import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../domain/network/cidr.ts';
import { macOfAddress } from '../../../domain/network/mac.ts';
import { networkOf } from '../../../domain/network/vm-network.ts';
import { VM_DEFAULTS } from '../../../domain/vm/spec.ts';
import type { Driver, MachineSpec } from '../../../ports/driver.ts';
import type { PlannedGuest } from '../../../ports/networks.ts';
import {
  createNetworkWorld,
  INTERNET,
  type NetworkWorld,
  plannedGuest,
  plannedNetwork,
} from '../../networks/network-world.fixture.ts';
import { whyNoBridges } from '../../networks/why-no-bridges.ts';
import { makeQemuHost, removeVm } from './qemu-host.fixture.ts';
import { runInGuest } from './run-in-guest.fixture.ts';

const whyNot = whyNoBridges();
const options = { signal: new AbortController().signal };
const blue = plannedNetwork(1);
const green = plannedNetwork(2);
const [first, second] = [plannedGuest(blue, 2), plannedGuest(blue, 3)];
const other = plannedGuest(green, 2);
const GUESTS = [first, second, other];

/** Whether anybody answers there, be it to say that there is no such port. */
async function reaches(driver: Driver, { vmId }: PlannedGuest, address: string): Promise<boolean> {
  await using link = await driver.openLink(vmId, options);
  const script = `timeout 3 bash -c 'exec 3<>/dev/tcp/${address}/7' 2>&1 || true`;
  return /refused/.test(await runInGuest(link, script));
}

function machineFor(world: NetworkWorld, { vmId, address }: PlannedGuest): MachineSpec {
  const spec = { ...VM_DEFAULTS, memoryMib: 192, diskGib: 2, network: networkOf({ mode: 'bridge' }) };
  const ip = formatAddress(address);
  const gateway = ip.replace(/\d+$/, '1');
  const place = { mac: macOfAddress(address), address: `${ip}/24`, gateway, dns: null };
  const network = { ...world.networks.portOf(vmId), ...place };
  return { vmId, name: `guest-${address % 256}`, incarnation: 1, spec, labels: {}, network };
}

describe('guests on a bridge', { timeout: 300_000 }, () => {
  it('have addresses of their own, as what boots, as forks and when they were asleep, and reach whom they may', async (context) => {
    if (whyNot !== null) context.skip(whyNot);
    await using host = await makeQemuHost();
    await using world = await createNetworkWorld();
    await using driver = host.makeDriver();
    await world.apply({ networks: [blue, green], guests: GUESTS, groups: [] });
    const { image } = host;
    const boots = { ...machineFor(world, first), image };
    const { network: _place, ...like } = { ...boots, vmId: plannedGuest(blue, 99).vmId };
    const template = await driver.warm?.build(like, options);
    if (template === undefined) throw new Error('this driver has warm templates');
    const from = { kind: 'warm', key: template.key } as const;
    const forks = [second, other].map((guest) => ({ ...machineFor(world, guest), image, from }));
    try {
      for (const machine of [boots, ...forks]) {
        await driver.createDisk(machine, options);
        await driver.startMachine(machine, options);
      }

      for (const { vmId, address } of GUESTS) {
        await using link = await driver.openLink(vmId, options);
        const said = await runInGuest(link, 'ip -o -4 address show scope global; cat /sys/class/net/*/address');
        expect(said).toContain(`${formatAddress(address)}/24`);
        expect(said).toContain(macOfAddress(address));
      }
      const [firstIp, secondIp] = [first, second].map(({ address }) => formatAddress(address));
      if (firstIp === undefined || secondIp === undefined) throw new Error('there are two');
      expect(await reaches(driver, first, secondIp)).toBe(true);
      expect(await reaches(driver, second, firstIp)).toBe(true);
      expect(await reaches(driver, other, firstIp)).toBe(false);
      expect(await reaches(driver, second, INTERNET.first)).toBe(true);
      for (const address of [INTERNET.host, INTERNET.private, world.names.outsideAddress, '10.80.1.1'])
        expect([address, await reaches(driver, second, address)]).toEqual([address, false]);

      await driver.suspendMachine(first.vmId, options);
      await driver.wakeMachine(machineFor(world, first), options);

      expect(await reaches(driver, first, secondIp)).toBe(true);
      const { machine } = await driver.inspect(first.vmId, options);
      if (machine.kind !== 'running' || machine.pid === null) throw new Error('it runs');
      expect(await world.run('nsenter', `--net=/proc/${machine.pid}/ns/net`, 'ip', '-brief', 'link', 'show')).toContain(
        world.networks.portOf(first.vmId).tapName,
      );
    } finally {
      for (const { vmId } of GUESTS) await removeVm(driver, vmId);
    }
  });
});

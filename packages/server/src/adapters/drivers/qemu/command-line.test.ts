import { describe, expect, test } from 'vitest';
import { NO_ATTACHMENTS } from './attachments/attachments.ts';
import { isWholeSystem, type Machine, qemuArguments } from './command-line.ts';
import { hasExtraDisks } from './extra-disks.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { attachNetwork, macOf } from './network.ts';

const UUID = '01a1fc92-6367-7400-9ef1-4542943aae56';

function makeMachine(changes: Partial<Machine> = {}): Machine {
  return {
    name: 'one',
    uuid: UUID,
    machineType: 'pc-q35-7.2',
    accelerator: 'tcg',
    vcpuCount: 2,
    memoryMib: 256,
    hasDisk: true,
    canGrow: false,
    origin: { kind: 'boot', kernelCommandLine: 'quiet' },
    wholeSystem: null,
    extraDisks: [],
    networkArguments: [],
    attachments: null,
    ...changes,
  };
}

test('the machine is pinned, sandboxed and without a balloon', () => {
  const line = qemuArguments(makeMachine()).join(' ');

  expect(line).toContain('-machine pc-q35-7.2,');
  expect(line).toContain('-sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny');
  expect(line).toContain('-nodefaults -no-user-config');
  expect(line).toContain('-action shutdown=pause,panic=pause,reboot=shutdown');
  expect(line).not.toContain('balloon');
});

test('it names no path outside its own directory', () => {
  const args = qemuArguments(makeMachine({ networkArguments: attachNetwork('user', UUID).qemuArguments }));
  const paths = args.join(' ').match(/(?<![\w.])\/[\w/.]+/g) ?? [];

  expect(new Set(paths)).toEqual(new Set(['/dev/fd/3', '/dev/fd/4', '/dev/fdset/1', '/dev/urandom']));
});

test('every disk node is named and its backing given', () => {
  const args = qemuArguments(makeMachine());
  const nodes = args.flatMap((argument, at) => (args[at - 1] === '-blockdev' ? [JSON.parse(argument)] : []));

  expect(nodes.map((node) => node['node-name'])).toEqual(['base-file', 'base', 'disk-file', 'disk']);
  expect(nodes.at(-1)).toMatchObject({ driver: 'qcow2', backing: 'base' });
  expect(nodes[0]).toMatchObject({ 'read-only': true });
  expect(qemuArguments(makeMachine({ hasDisk: false })).join(' ')).not.toContain('blockdev');
});

test('a user network never reaches the host', () => {
  const { qemuArguments: args, guestSettings } = attachNetwork('user', UUID);

  expect(args.join(' ')).toContain('restrict=on');
  expect(guestSettings).toEqual({ ip: '10.0.2.15/24', gateway: '10.0.2.2', dns: '10.0.2.3' });
  expect(attachNetwork('none', UUID)).toEqual({ qemuArguments: [], guestSettings: {} });
  expect(macOf(UUID)).toBe('52:54:00:3a:ae:56');
});

test('the guest is told who it is, and only an emulated one gives up its mitigations', () => {
  const boot = { hostname: 'one', rootDevice: '/dev/vda', network: { ip: '10.0.2.15/24' } } as const;

  const emulated = kernelCommandLine({ ...boot, accelerator: 'tcg' });
  const accelerated = kernelCommandLine({ ...boot, accelerator: 'kvm', rootDevice: null, network: {} });

  expect(emulated).toContain('volary.root=/dev/vda volary.hostname=one volary.ip=10.0.2.15/24');
  expect(emulated).toContain('mitigations=off');
  expect(accelerated).not.toContain('mitigations=off');
  expect(accelerated).not.toContain('volary.root');
});

describe('a whole system', () => {
  const line = (changes: Partial<Machine> = {}): string =>
    qemuArguments(makeMachine({ origin: { kind: 'firmware' }, wholeSystem: { uefiPath: null }, ...changes })).join(' ');

  test('starts by what is on its disk, has a seed and the port of an agent of its own', () => {
    expect(line()).not.toContain('-kernel');
    expect(line()).toContain('drive=disk,bootindex=0');
    expect(line()).toContain('name=org.qemu.guest_agent.0');
    expect(line()).toContain('-add-fd fd=6,set=2');
    expect(isWholeSystem(line().split(' '))).toBe(true);
    expect(isWholeSystem(qemuArguments(makeMachine()))).toBe(false);
  });

  test('starts by UEFI where it is given one', () => {
    expect(line()).not.toContain('-bios');
    expect(line({ wholeSystem: { uefiPath: '/usr/share/ovmf/OVMF.fd' } })).toContain('-bios /usr/share/ovmf/OVMF.fd');
  });
});

test('disks besides the root are found by their names, and the disk for packs comes last', () => {
  const args = qemuArguments(makeMachine({ extraDisks: ['data', 'logs'], attachments: NO_ATTACHMENTS }));
  const devices = args.filter((argument) => argument.startsWith('virtio-blk-pci'));

  expect(devices.map((device) => /serial=([^,]*)/.exec(device)?.[1])).toEqual([
    undefined,
    'data',
    'logs',
    'volary-packs',
  ]);
  expect(hasExtraDisks(args)).toBe(true);
  expect(hasExtraDisks(qemuArguments(makeMachine()))).toBe(false);
});

import { describe, expect, test } from 'vitest';
import { macOfUuid } from '../../../domain/network/mac.ts';
import { NO_ATTACHMENTS } from './attachments/attachments.ts';
import { type Machine, qemuArguments, restoredMemoryOf } from './command-line.ts';
import { type ExtraDiskDevice, extraDiskFilesOf } from './extra-disks.ts';
import { isWholeSystem } from './full-os/system-agent-port.ts';
import type { InheritedFiles } from './inherited-files.ts';
import { kernelCommandLine } from './kernel-command-line.ts';
import { attachNetwork } from './network.ts';

/** The files of a machine that boots; only their order matters here. */
const BOOTING: InheritedFiles = new Map([
  ['kernel', ''],
  ['initramfs', ''],
  ['root', ''],
]);
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
    files: BOOTING,
    ...changes,
  };
}

const device = (name: string): ExtraDiskDevice => ({
  name,
  serial: name,
  isReadonly: false,
  isVolume: false,
  descriptor: null,
});

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
  expect(macOfUuid(UUID)).toBe('52:54:00:3a:ae:56');
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

test('a machine that is restored is handed its state, and tells where its memory came from', () => {
  const files: InheritedFiles = new Map([
    ['devices', ''],
    ['memory', ''],
    ['root', ''],
  ]);
  const args = qemuArguments(makeMachine({ origin: { kind: 'restore' }, files }));

  expect(args.join(' ')).toContain('-incoming fd:3');
  expect(args.join(' ')).toContain('-add-fd fd=5,set=1');
  expect(restoredMemoryOf(args)).toBe(4);
  expect(restoredMemoryOf(qemuArguments(makeMachine()))).toBeNull();
});

describe('a whole system', () => {
  const files: InheritedFiles = new Map([
    ['root', ''],
    ['seed', ''],
  ]);
  const line = (changes: Partial<Machine> = {}): string =>
    qemuArguments(
      makeMachine({ origin: { kind: 'firmware' }, wholeSystem: { uefiPath: null }, files, ...changes }),
    ).join(' ');

  test('starts by what is on its disk, has a seed and the port of an agent of its own', () => {
    expect(line()).not.toContain('-kernel');
    expect(line()).toContain('drive=disk,bootindex=0');
    expect(line()).toContain('name=org.qemu.guest_agent.0');
    expect(line()).toContain('-add-fd fd=3,set=1');
    expect(line()).toContain('-add-fd fd=4,set=2');
    expect(isWholeSystem(line().split(' '))).toBe(true);
    expect(isWholeSystem(qemuArguments(makeMachine()))).toBe(false);
  });

  test('starts by UEFI where it is given one', () => {
    expect(line()).not.toContain('-bios');
    expect(line({ wholeSystem: { uefiPath: '/usr/share/ovmf/OVMF.fd' } })).toContain('-bios /usr/share/ovmf/OVMF.fd');
  });
});

test('disks besides the root are found by their names, and the disk for packs comes last', () => {
  const args = qemuArguments(
    makeMachine({ extraDisks: [device('data'), device('logs')], attachments: NO_ATTACHMENTS }),
  );
  const devices = args.filter((argument) => argument.startsWith('virtio-blk-pci'));

  expect(devices.map((device) => /serial=([^,]*)/.exec(device)?.[1])).toEqual([
    undefined,
    'data',
    'logs',
    'volary-packs',
  ]);
  expect(extraDiskFilesOf(args)).toEqual(['disk-data.qcow2', 'disk-logs.qcow2']);
  expect(extraDiskFilesOf(qemuArguments(makeMachine()))).toEqual([]);
});

test('a disk that begins with something is handed that, and one that is only read has no file of its own', () => {
  const args = qemuArguments(
    makeMachine({
      extraDisks: [
        { ...device('data'), serial: 'vdb', descriptor: 6 },
        { ...device('books'), isReadonly: true, descriptor: 7 },
      ],
    }),
  );
  const nodes = new Map(
    args
      .filter((argument) => argument.startsWith('{"node-name":"extra-'))
      .map((argument) => JSON.parse(argument))
      .map(({ 'node-name': name, ...node }) => [name, node]),
  );

  expect(args.join(' ')).toContain('-add-fd fd=6,set=6');
  expect(args.join(' ')).toContain('drive=extra-data,serial=vdb');
  expect(nodes.get('extra-data')).toMatchObject({ driver: 'qcow2', backing: 'extra-data-base' });
  expect(nodes.get('extra-data-base')).toMatchObject({
    driver: 'raw',
    'read-only': true,
    file: { filename: '/dev/fdset/6' },
  });
  expect(nodes.get('extra-books')).toMatchObject({
    driver: 'raw',
    'read-only': true,
    file: { filename: '/dev/fdset/7' },
  });
  expect(extraDiskFilesOf(args)).toEqual(['disk-data.qcow2']);
});

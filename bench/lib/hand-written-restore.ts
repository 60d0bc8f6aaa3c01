import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, copyFileSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sizeArguments } from '../../packages/server/src/adapters/drivers/qemu/growth.ts';
import type { SavedMachine } from '../../packages/server/src/adapters/drivers/qemu/saved/saved-machine.ts';
import { connectWhenThere, type HandWrittenGuest } from './hand-written-qemu.ts';

/** What a machine was saved as, and the root disk that its overlay stands on. */
export interface SavedFiles {
  readonly saved: SavedMachine;
  readonly rootPath: string;
}

/**
 * Restores a saved machine as somebody would by hand: a copy of its overlay, one QEMU with its memory mapped copy-on-write that takes up
 * its devices and goes at once. No server, no database, no monitor, no sandbox; nobody tells the guest who it is. Returns
 * when the process has been started.
 */
export function restoreByHand({ saved, rootPath }: SavedFiles): HandWrittenGuest {
  const directory = mkdtempSync(join(tmpdir(), 'volary-bench-restore-'));
  const diskPath = join(directory, 'disk.qcow2');
  const socketPath = join(directory, 'agent.sock');
  copyFileSync(saved.diskPath, diskPath, constants.COPYFILE_FICLONE);
  const child = spawnWith(saved, commandLine(saved, { rootPath, diskPath, socketPath }));
  if (child.pid === undefined) throw new Error('QEMU could not be started');
  return {
    pid: child.pid,
    connect: () => connectWhenThere(socketPath),
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      rmSync(directory, { recursive: true });
    },
  };
}

/** The devices' state is its descriptor 3. */
function spawnWith({ devicesPath }: SavedMachine, args: readonly string[]): ChildProcess {
  const devices = openSync(devicesPath, 'r');
  try {
    return spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'ignore', 'inherit', devices] });
  } finally {
    closeSync(devices);
  }
}

/** Devices in the order of ours, or what was saved of them would not fit. */
function commandLine(
  { facts, memoryPath }: SavedMachine,
  { rootPath, diskPath, socketPath }: { readonly [path: string]: string },
): readonly string[] {
  const { machineType, memoryMib, accelerator } = facts;
  const memory = `memory-backend-file,id=memory,size=${memoryMib}M,mem-path=${memoryPath},share=off`;
  const machine = `${machineType},usb=off,sata=off,smbus=off,vmport=off,hpet=off,memory-backend=memory,suppress-vmdesc=on`;
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-object', memory, '-machine', machine],
    ...(accelerator === 'tcg' ? ['-accel', 'tcg,thread=multi', '-cpu', 'max'] : ['-accel', 'kvm', '-cpu', 'host']),
    // It may grow: with room for less of it its state would not fit.
    ...sizeArguments(facts, { canGrow: true, hasOwnKernel: false }),
    ...['-global', 'ICH9-LPC.disable_s3=1', '-global', 'ICH9-LPC.disable_s4=1'],
    ...['-global', 'migration.send-configuration=off', '-incoming', 'fd:3'],
    ...['-device', 'virtio-serial-pci,id=serial0,max_ports=2'],
    ...['-chardev', `socket,id=agent,path=${socketPath},server=on,wait=off`],
    ...['-device', 'virtserialport,bus=serial0.0,chardev=agent,name=org.volary.agent.0'],
    ...['-drive', `file=${diskPath},format=qcow2,if=none,id=disk,backing.driver=raw,backing.file.filename=${rootPath}`],
    ...['-device', 'virtio-blk-pci,id=disk0,drive=disk'],
    ...['-netdev', 'user,id=net0,restrict=on,ipv6=off', '-device', 'virtio-net-pci,id=nic0,netdev=net0,romfile='],
    ...['-chardev', 'ringbuf,id=console,size=262144', '-serial', 'chardev:console'],
    ...['-object', 'rng-random,id=rng0,filename=/dev/urandom', '-device', 'virtio-rng-pci,rng=rng0'],
    ...['-device', 'pvpanic-pci'],
    ...['-blockdev', 'driver=null-co,node-name=packs,size=549755813888,read-only=on,read-zeroes=on'],
    ...['-device', 'virtio-blk-pci,id=packs0,drive=packs,serial=volary-packs'],
  ];
}

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface BootFiles {
  readonly kernelPath: string;
  readonly initramfsPath: string;
  readonly rootPath: string;
}

/** A guest as somebody would start it by hand from the same files: no server, no database, no other process. */
export interface HandWrittenGuest extends AsyncDisposable {
  readonly pid: number;
  /** A new connection to the agent's port. */
  connect(): Promise<Socket>;
}

/** A port of this host's loopback that QEMU's own network stack has lead to one of the guest. */
export interface HostForward {
  readonly hostPort: number;
  readonly guestPort: number;
}

/** Starts it and returns once its sockets are there; the guest has hardly begun to boot then. */
export async function startByHand(
  files: BootFiles,
  accelerator: 'kvm' | 'tcg',
  memoryMib: number,
  forwards: readonly HostForward[] = [],
): Promise<HandWrittenGuest> {
  const directory = mkdtempSync(join(tmpdir(), 'volary-bench-hand-'));
  execFileSync('qemu-img', [
    'create',
    '-q',
    '-f',
    'qcow2',
    '-b',
    files.rootPath,
    '-F',
    'raw',
    join(directory, 'disk.qcow2'),
    '8G',
  ]);
  const socketPath = join(directory, 'agent.sock');
  const child = spawn('qemu-system-x86_64', commandLine(files, accelerator, memoryMib, directory, forwards), {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
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

function commandLine(
  files: BootFiles,
  accelerator: 'kvm' | 'tcg',
  memoryMib: number,
  directory: string,
  forwards: readonly HostForward[],
): readonly string[] {
  const machine = 'q35,usb=off,sata=off,smbus=off,vmport=off,hpet=off';
  const kernel =
    'console=ttyS0 quiet panic=-1 8250.nr_uarts=1 tsc=reliable no_timer_check random.trust_cpu=on rcupdate.rcu_expedited=1 ' +
    `cryptomgr.notests${accelerator === 'tcg' ? ' mitigations=off nokaslr' : ''} volary.root=/dev/vda volary.hostname=hand ` +
    'volary.ip=10.0.2.15/24 volary.gateway=10.0.2.2 volary.dns=10.0.2.3';
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-machine', machine],
    ...(accelerator === 'tcg' ? ['-accel', 'tcg,thread=multi', '-cpu', 'max'] : ['-accel', 'kvm', '-cpu', 'host']),
    ...['-smp', '1', '-m', `${memoryMib}M`],
    ...['-kernel', files.kernelPath, '-initrd', files.initramfsPath, '-append', kernel],
    ...[
      '-device',
      'virtio-serial-pci,max_ports=2',
      '-chardev',
      `socket,id=agent,path=${join(directory, 'agent.sock')},server=on,wait=off`,
    ],
    ...['-device', 'virtserialport,chardev=agent,name=org.volary.agent.0'],
    ...['-drive', `file=${join(directory, 'disk.qcow2')},format=qcow2,if=virtio`],
    ...['-netdev', ['user,id=net0,restrict=on,ipv6=off', ...forwards.map(hostForward)].join(',')],
    ...['-device', 'virtio-net-pci,netdev=net0,romfile='],
    ...['-chardev', 'ringbuf,id=console,size=262144', '-serial', 'chardev:console'],
    ...[
      '-object',
      'rng-random,id=rng0,filename=/dev/urandom',
      '-device',
      'virtio-rng-pci,rng=rng0',
      '-device',
      'pvpanic-pci',
    ],
  ];
}

function hostForward({ hostPort, guestPort }: HostForward): string {
  return `hostfwd=tcp:127.0.0.1:${hostPort}-:${guestPort}`;
}

/** Connects as soon as QEMU listens there. */
export async function connectWhenThere(path: string): Promise<Socket> {
  for (;;) {
    const socket = createConnection(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      // QEMU has not made its socket yet.
      await sleep(5);
    }
  }
}

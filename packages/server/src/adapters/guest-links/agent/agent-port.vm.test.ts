import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VolaryError } from '../../../domain/errors.ts';
import { idFromUuid } from '../../../domain/ids.ts';
import type { Driver, MachineSpec } from '../../../ports/driver.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { command, readAll, readToEnd, shell, textOf } from '../../../ports/guest-link-contract/subject.contract.ts';
import { openAgentSocket } from '../../drivers/qemu/agent-transport.ts';
import { readLinkKey } from '../../drivers/qemu/link-key.ts';
import { connectAgent, makeQemuHost, type QemuHost, removeVm } from '../../drivers/qemu/qemu-host.fixture.ts';
import { type VmDirectory, vmDirectory } from '../../drivers/qemu/vm-directory.ts';
import { connectSocket } from '../../shared/connect-socket.ts';
import { EchoFinder, encodeSync, NONCE_BYTES } from './handshake.ts';

/* The agent behind a real port: hosts that come and go, and machines that become others. */

const options = { signal: new AbortController().signal };
let host: QemuHost;
let driver: Driver;
let machine: MachineSpec;
let directory: VmDirectory;

beforeEach(async () => {
  host = await makeQemuHost();
  driver = host.makeDriver();
  const disk = host.makeMachine();
  machine = disk;
  directory = vmDirectory(host.dataDir, disk.vmId);
  await driver.createDisk(disk, options);
  await driver.startMachine(disk, options);
});

afterEach(async () => {
  await removeVm(driver, machine.vmId);
  await driver[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
});

const newId = () => idFromUuid('exec', crypto.randomUUID());
const connect = (linkKey: Uint8Array, signal = AbortSignal.timeout(20_000)): Promise<GuestLink> =>
  connectAgent({ openTransport: () => openAgentSocket(directory), linkKey, signal });

/** Resolves when the agent has answered this one SYNC; it is not repeated. */
async function untilEchoed(socket: Socket, linkKey: Uint8Array): Promise<void> {
  const nonce = randomBytes(NONCE_BYTES);
  const finder = new EchoFinder();
  socket.write(encodeSync(linkKey, nonce));
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    if (finder.push(chunk).some((echo) => echo.nonce === nonce.toString('hex'))) return;
  }
  throw new Error('the pipe has ended');
}

test('each host that comes is answered at its first word, whatever those before it have left behind', async () => {
  const link = await driver.openLink(machine.vmId, options);
  await link[Symbol.asyncDispose]();
  const linkKey = await readLinkKey(directory);
  const leavings = [
    Buffer.alloc(0),
    encodeSync(linkKey, randomBytes(NONCE_BYTES)),
    encodeSync(linkKey, randomBytes(NONCE_BYTES)).subarray(0, 21),
    Buffer.alloc(700_000, 'VLRY'),
  ];

  for (let round = 0; round < 300; round++) {
    const leaving = leavings[round % leavings.length] ?? Buffer.alloc(0);
    const hasty = await connectSocket(directory.agentSocketPath);
    if (round % 3 === 0) hasty.end(leaving);
    else hasty.write(leaving, () => hasty.destroy());
    await new Promise((resolve) => hasty.on('close', resolve).resume());

    const patient = await connectSocket(directory.agentSocketPath);
    await untilEchoed(patient, linkKey);
    patient.destroy();
  }
});

async function agentStatus(link: GuestLink): Promise<{ readonly wakes: number; readonly ticks: number }> {
  const read = async (path: string) => textOf([await readAll((await link.readFile(path, options)).content)]);
  const wakes = Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(await read('/proc/1/status'))?.[1]);
  const fields = (await read('/proc/1/stat')).replace(/^.*\) /, '').split(' ');
  return { wakes, ticks: Number(fields[11]) + Number(fields[12]) };
}

test('with no host there the agent does not run', async () => {
  const link = await driver.openLink(machine.vmId, options);
  const before = await agentStatus(link);
  await link[Symbol.asyncDispose]();

  await pass(3_000);

  const after = await agentStatus(await driver.openLink(machine.vmId, options));
  // What it takes to notice the end, to be found again, and to be asked.
  expect(after.wakes - before.wakes).toBeLessThan(30);
  expect(after.ticks - before.ticks).toBeLessThan(15);
});

async function prepared(link: GuestLink): Promise<void> {
  for (;;) {
    const error = await link.prepare(options).catch((reason: unknown) => reason);
    if (error === undefined) return;
    if (!(error instanceof VolaryError) || error.details['errno'] !== 'EAGAIN') throw error;
  }
}

test('a prepared guest knows nobody, and then whoever comes first', async () => {
  const link = await driver.openLink(machine.vmId, options);
  expect(link.info.capabilities).toContain('prepare');
  const left = await link.exec(newId(), shell('sleep 1000 & echo $!'), options);
  const pid = (await readToEnd(left)).stdout.trim();
  // Not while it boots, and not while a process is left that would go on in all that begin from it.
  await expect(prepared(link)).rejects.toMatchObject({ reason: 'guest.refused', details: { errno: 'EBUSY' } });
  await readToEnd(await link.exec(newId(), shell(`kill ${pid}; while [ -e /proc/${pid} ]; do :; done`), options));

  await prepared(link);

  await expect(link.closed).resolves.toContain('lost');
  const [first, second] = [randomBytes(16), randomBytes(16)];
  await using taken = await connect(first);
  expect((await readToEnd(await taken.exec(newId(), command(['true']), options))).exit.exitCode).toBe(0);
  await taken[Symbol.asyncDispose]();
  await expect(connect(second, AbortSignal.timeout(1_000))).rejects.toMatchObject({ name: 'TimeoutError' });
});

test("commands of the machine that it was go on when it becomes another, and are nobody's", async () => {
  const link = await driver.openLink(machine.vmId, options);
  const [mine, detached] = [newId(), newId()];
  const attached = await link.exec(mine, command(['cat'], { hasStdin: true }), options);
  const talker = await link.exec(detached, shell('head -c 3000000 /dev/zero; touch /srv/said-all'), options);
  await talker[Symbol.asyncDispose]();
  await readToEnd(await link.exec(newId(), command(['date', '-s', '@1000000000']), options));

  const machineId = randomBytes(16).toString('hex');
  await link.identify(
    { hostname: 'another', machineId, wallClockMs: Date.now(), network: {}, entropy: randomBytes(32) },
    options,
  );

  const askedAtMs = Date.now();
  const date = await readToEnd(await link.exec(newId(), command(['date', '+%s%3N']), options));
  expect(Number(date.stdout)).toBeGreaterThan(askedAtMs - 50);
  expect(Number(date.stdout)).toBeLessThanOrEqual(Date.now());
  const waited = shell('while [ ! -e /srv/said-all ]; do sleep 0.1; done', { timeoutMs: 20_000 });
  expect((await readToEnd(await link.exec(newId(), waited, options))).exit.exitCode).toBe(0);
  const kept = { stdoutBytes: 0, stderrBytes: 0, isTty: false };
  await expect(link.attach(detached, kept, options)).rejects.toMatchObject({ reason: 'execution.unknown_to_guest' });
  await attached.closeStdin();
  expect((await readToEnd(attached)).exit.exitCode).toBe(0);
});

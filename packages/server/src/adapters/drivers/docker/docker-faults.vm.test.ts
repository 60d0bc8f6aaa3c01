import { randomUUIDv7 } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import { readToEnd, shell } from '../../../ports/guest-link-contract/subject.contract.ts';
import { runInGuest, tryInGuest } from '../qemu/run-in-guest.fixture.ts';
import { startTestEngine, type TestEngine } from './docker-engine.fixture.ts';
import { type DockerHost, makeDockerHost } from './docker-host.fixture.ts';

const options = { signal: new AbortController().signal };
const UNREACHABLE = { code: 'unavailable', reason: 'driver.engine_unreachable' };
const MIB = 1024 ** 2;

const engine = await startTestEngine();

if ('whyNot' in engine) it('containers of a real engine', ({ skip }) => skip(engine.whyNot));
else describe('containers of a real engine', () => testContainers(engine));

function testContainers(engine: TestEngine): void {
  let host: DockerHost;
  let driver: Driver;
  let machine: DiskSpec;

  beforeAll(async () => {
    host = await makeDockerHost(engine.socketPath);
  });
  beforeEach(() => {
    driver = host.makeDriver();
    machine = host.makeMachine();
  });
  afterEach(async () => {
    await driver.endMachine(machine.vmId, options);
    await driver.deleteDisk(machine.vmId, options);
    await driver[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  async function start(): Promise<void> {
    await driver.createDisk(machine, options);
    await driver.startMachine(machine, options);
  }

  it('have what they were given of the host, and no way out of it', async () => {
    await start();
    await using link = await driver.openLink(machine.vmId, options);

    expect(await runInGuest(link, 'ls /sys/class/net')).toBe('lo');
    expect((await tryInGuest(link, 'curl -sS --max-time 5 http://192.0.2.1/')).exitCode).not.toBe(0);
    const status = await runInGuest(link, 'cat /proc/self/status');
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    // None of SYS_ADMIN, SYS_PTRACE, NET_ADMIN, NET_RAW, MKNOD.
    const has = BigInt(`0x${/^CapEff:\t(\w+)$/m.exec(status)?.[1] ?? 'f'.repeat(16)}`);
    for (const bit of [21n, 19n, 12n, 13n, 27n]) expect([bit, (has >> bit) & 1n]).toEqual([bit, 0n]);
    expect((await tryInGuest(link, 'mount -t tmpfs none /mnt')).exitCode).not.toBe(0);
    const { memoryBytes, diskBytes, cpuTicks } = await link.stats(options);
    expect(memoryBytes).toMatchObject({ total: machine.spec.memoryMib * MIB });
    // Of what is the host's, or nobody counts, nothing is told.
    expect({ diskBytes, ...cpuTicks }).toMatchObject({ diskBytes: null, idle: null, iowait: null, steal: null });
    expect(await driver.measureMachine(machine.vmId, options)).toEqual({ cpuMs: expect.any(Number) });
    expect(await driver.surveyMachine(machine.vmId, options)).toMatchObject({
      ...{ cpuMs: expect.any(Number), heldBytes: expect.toSatisfy((bytes) => bytes > 0), networkBytes: null },
    });
  });

  it('tell of their own time: since they were started, and of processors by what they did', async () => {
    const before = Date.now();
    await start();
    await using link = await driver.openLink(machine.vmId, options);
    await runInGuest(
      link,
      'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; dd if=/dev/zero of=/dev/null bs=4k count=200000',
    );

    const { uptimeMs, cpuTicks } = await link.stats(options);

    expect(uptimeMs).toBeGreaterThan(0);
    expect(uptimeMs).toBeLessThanOrEqual(Date.now() - before);
    expect(cpuTicks.user).toBeGreaterThan(0);
    expect(cpuTicks.system).toBeGreaterThan(0);
  });

  it('are held to their memory: what wants more is ended, and the rest goes on', async () => {
    await start();
    await using link = await driver.openLink(machine.vmId, options);

    const { exitCode } = await tryInGuest(link, `perl -e 'my $much = "x" x ${4 * machine.spec.memoryMib * MIB}'`);

    expect(exitCode).not.toBe(0);
    expect(await runInGuest(link, 'echo still here')).toBe('still here');
  });

  it('keep what was written to them over their lives', async () => {
    await start();
    await using link = await driver.openLink(machine.vmId, options);
    await runInGuest(link, 'echo kept > /srv/file; echo gone > /run/file');
    await driver.endMachine(machine.vmId, options);

    await driver.startMachine({ ...machine, incarnation: 2 }, options);

    await using again = await driver.openLink(machine.vmId, options);
    expect(await runInGuest(again, 'cat /srv/file; ls /run/file 2>&1 || true')).toMatch(/^kept\nls: cannot access/);
  });

  it('go on with their commands while there is no server, and give the next one what it has not read', async () => {
    await start();
    const link = await driver.openLink(machine.vmId, options);
    const id = idFromUuid('exec', randomUUIDv7());
    await link.exec(id, shell('echo begun; until [ -e /run/go ]; do sleep 0.1; done; echo ended; exit 7'), options);
    await driver[Symbol.asyncDispose]();

    driver = host.makeDriver();
    await using next = await driver.openLink(machine.vmId, options);
    await runInGuest(next, 'touch /run/go');
    const process = await next.attach(id, { stdoutBytes: 0, stderrBytes: 0, isTty: false }, options);

    expect(await readToEnd(process)).toMatchObject({ stdout: 'begun\nended\n', exit: { exitCode: 7 } });
  });

  it('of another installation are not seen, and not touched', async () => {
    await start();
    await using other = host.makeDriver({ installationId: 'another' });

    expect(await other.findAll(options)).toEqual([]);
    expect((await other.inspect(machine.vmId, options)).disk.kind).not.toBe('present');
    await expect(other.createDisk(machine, options)).rejects.toMatchObject({ reason: 'driver.engine_refused' });
    await other.deleteDisk(machine.vmId, options).catch(() => undefined);

    expect((await driver.inspect(machine.vmId, options)).disk).toMatchObject({ kind: 'present' });
  });

  it('share the root of their image, which can be removed when none has it', async () => {
    const { storage } = driver;
    const rootOf = async () => (await storage.list(options)).find(({ kind }) => kind === 'leftover');
    await driver.createDisk(machine, options);
    expect(await rootOf()).toMatchObject({ id: `docker-root-${machine.image.digest}`, isBusy: true });
    const { id = '' } = (await rootOf()) ?? {};
    expect(await storage.removeLeftover(id, options)).toBe(false);

    await driver.deleteDisk(machine.vmId, options);

    expect(await storage.removeLeftover(id, options)).toBe(true);
    expect(await storage.list(options)).toEqual([]);
    await driver.createDisk(machine, options);
  });

  it('whose engine dies are told as not answering; when it is back, as what became of them, and they can be deleted', async () => {
    await start();

    await engine.kill();
    try {
      expect((await driver.inspect(machine.vmId, options)).machine).toMatchObject({
        kind: 'unresponsive',
        incarnation: 1,
      });
      await expect(driver.endMachine(machine.vmId, options)).rejects.toMatchObject(UNREACHABLE);
      await expect(driver.createDisk(host.makeMachine(), options)).rejects.toMatchObject(UNREACHABLE);
      await expect(driver.probe({ ...options, image: null })).rejects.toMatchObject({ reason: 'driver.not_installed' });
      expect(await driver.findAll(options)).toEqual([]);
      expect(await driver.storage.list(options)).toEqual([]);
    } finally {
      await engine.start();
    }

    expect(['running', 'ended']).toContain((await driver.inspect(machine.vmId, options)).machine.kind);
    await driver.endMachine(machine.vmId, options);
    await driver.deleteDisk(machine.vmId, options);
    expect(await driver.findAll(options)).toEqual([]);
  });

  it('whose engine dies over their making are made when it is back', async () => {
    const { id = '' } = (await driver.storage.list(options)).find(({ kind }) => kind === 'leftover') ?? {};
    await driver.storage.removeLeftover(id, options);
    const making = driver.createDisk(machine, options);
    making.catch(() => undefined);

    await engine.kill();
    await expect(making).rejects.toMatchObject({ code: 'unavailable' });
    await engine.start();

    expect(await driver.createDisk(machine, options)).toEqual({ imageDigest: machine.image.digest });
    await driver.startMachine(machine, options);
    await using link = await driver.openLink(machine.vmId, options);
    expect(await runInGuest(link, 'echo well')).toBe('well');
  });

  it('are never made of an image that needs a firmware', async () => {
    const { kernelPath: _kernel, initramfsPath: _initramfs, kernelVersion: _version, ...facts } = host.image;
    const image = { ...facts, boot: 'firmware', firmware: 'bios', digest: 'e'.repeat(64) } as const;

    await expect(driver.createDisk({ ...machine, image }, options)).rejects.toMatchObject({
      reason: 'driver.no_firmware_boot',
    });
  });
}

import { expect } from 'vitest';
import { command, type GuestLinkContext, readToEnd } from './subject.contract.ts';

/** The guest as a machine. What ends or changes it (`shutDown`, `identify`, `freeze`) is tested where it is one's own. */
export function machineLaws({ law, subject, newId, options }: GuestLinkContext): void {
  law('the agent says what it is', () => {
    const { info } = subject().link;

    expect(info.agentVersion).toMatch(/^\d+\.\d+\.\d+/);
    expect(info.protocolVersion).toBe(1);
    expect(info.bootId).toMatch(/^[0-9a-f]{32}$/);
    expect(info.uptimeMs).toBeGreaterThan(0);
    expect(info.capabilities).toEqual(expect.arrayContaining(['exec', 'files', 'stats']));
    return Promise.resolve();
  });

  law('ping is answered', async () => {
    const roundTripMs = await subject().link.ping({ timeoutMs: 10_000 });

    expect(roundTripMs).toBeGreaterThanOrEqual(0);
    expect(roundTripMs).toBeLessThan(10_000);
  });

  law('stats tell of processors, memory, disk, network and load', async () => {
    const stats = await subject().link.stats(options);

    expect(stats.uptimeMs).toBeGreaterThan(0);
    const { memoryBytes, diskBytes, cpuTicks } = stats;
    if (memoryBytes !== null) expect(memoryBytes.total).toBeGreaterThan(memoryBytes.free);
    if (diskBytes !== null) expect(diskBytes.total).toBeGreaterThan(diskBytes.free);
    expect(cpuTicks.used).toBeGreaterThan(0);
    // Both are rounded.
    expect((cpuTicks.user ?? 0) + (cpuTicks.system ?? 0)).toBeLessThanOrEqual(cpuTicks.used + 2);
    expect(stats.processCount).toBeGreaterThan(0);
    const { diskTransferBytes, diskOperations, networkBytes, networkPackets } = stats;
    // Half a kilobyte is the least that is read or written, a byte the least that is sent. Who does not count these says so.
    if (diskOperations !== null && diskTransferBytes !== null) {
      expect(diskOperations.reads).toBeLessThanOrEqual(diskTransferBytes.read / 512);
      expect(diskOperations.reads > 0).toBe(diskTransferBytes.read > 0);
    }
    expect(networkPackets?.received).toBeLessThanOrEqual(networkBytes.received);
    expect(networkPackets?.sent).toBeLessThanOrEqual(networkBytes.sent);
    expect(stats.loadAverage.every((load) => load >= 0)).toBe(true);
  });

  law('the guest says what it has in use, as often as it is asked', async () => {
    const { link } = subject();
    const size = await link.grow(options);

    expect(await link.grow(options)).toEqual(size);
    expect(size.cpuCount).toBeGreaterThanOrEqual(1);
    const { memoryBytes } = await link.stats(options);
    expect(size.memoryBytes).toBeGreaterThanOrEqual(memoryBytes?.total ?? 0);
  });

  law('a guest that runs a command is not prepared, and goes on', async () => {
    const { link } = subject();
    const process = await link.exec(newId(), command(['cat'], { hasStdin: true }), options);

    await expect(link.prepare(options)).rejects.toMatchObject({
      reason: 'guest.refused',
      details: { errno: 'EBUSY' },
    });
    await process.closeStdin();
    expect((await readToEnd(process)).exit.exitCode).toBe(0);
  });

  law('what is aborted before it began throws the reason', async () => {
    const reason = new Error('enough');
    const aborted = { signal: AbortSignal.abort(reason) };
    const { link, directory } = subject();

    await expect(link.stats(aborted)).rejects.toBe(reason);
    await expect(link.stat(directory, { ...aborted, followLinks: true })).rejects.toBe(reason);
    await expect(link.readFile(directory, aborted)).rejects.toBe(reason);
    await expect(link.connect({ host: '', port: 1 }, aborted)).rejects.toBe(reason);
  });
}

import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import type { FaultPointName } from '../../../ports/fault-point.ts';
import { startTestEngine, type TestEngine } from './docker-engine.fixture.ts';
import { type DockerHost, makeDockerHost } from './docker-host.fixture.ts';
import { containerName } from './engine/containers.ts';
import { createEngineClient } from './engine/engine-client.ts';

/* What is left of a container when somebody has been in the way of its deletion. */

const options = { signal: new AbortController().signal };
const engine = await startTestEngine();

if ('whyNot' in engine) it('deletes containers', ({ skip }) => skip(engine.whyNot));
else describe('a container that is deleted', () => testDeletions(engine));

function testDeletions(engine: TestEngine): void {
  let host: DockerHost;
  let drivers: Driver[];
  let machine: DiskSpec;

  beforeAll(async () => {
    host = await makeDockerHost(engine.socketPath);
  });
  beforeEach(() => {
    drivers = [];
    machine = host.makeMachine();
  });
  afterEach(async () => {
    for (const driver of drivers) await driver[Symbol.asyncDispose]();
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  });

  function make(given: Parameters<DockerHost['makeDriver']>[0] = {}): Driver {
    const driver = host.makeDriver(given);
    drivers.push(driver);
    return driver;
  }

  async function start(driver: Driver): Promise<void> {
    await driver.createDisk(machine, options);
    await driver.startMachine(machine, options);
    for await (const _ of driver.readConsole(machine.vmId, { ...options, offset: 0, follow: false }));
  }

  const left = (): readonly string[] => readdirSync(`${host.dataDir}/docker`).filter((name) => name !== 'packs');

  it.each(['docker.container-removed', 'docker.packs-removed'] satisfies FaultPointName[])(
    'is seen not to be gone by who comes after one that came to %s',
    async (point) => {
      const first = make({
        faultPoint: (name) => {
          if (name === point) throw new Error('it died');
        },
      });
      await start(first);
      await first.endMachine(machine.vmId, options);
      await expect(first.deleteDisk(machine.vmId, options)).rejects.toThrow('it died');

      const next = make();
      const seen = await next.inspect(machine.vmId, options);
      await next.deleteDisk(machine.vmId, options);

      expect(seen).toEqual({ disk: { kind: 'remnants' }, machine: { kind: 'absent' } });
      expect((await next.inspect(machine.vmId, options)).disk).toEqual({ kind: 'absent' });
      expect(left()).toEqual([]);
    },
  );

  it('leaves nothing although somebody else has removed it', async () => {
    const driver = make();
    await start(driver);
    const path = `/containers/${containerName(machine.vmId)}?force=1`;
    await createEngineClient(engine.socketPath).call({ method: 'DELETE', path }, options);

    await driver.endMachine(machine.vmId, options);
    expect((await driver.inspect(machine.vmId, options)).disk).toEqual({ kind: 'remnants' });
    await driver.deleteDisk(machine.vmId, options);

    expect(left()).toEqual([]);
  });

  it('is told of when there is an engine again, with or without its container', async () => {
    const first = make({
      faultPoint: (name) => {
        if (name === 'docker.container-removed') throw new Error('it died');
      },
    });
    await start(first);
    await first.endMachine(machine.vmId, options);
    await expect(first.deleteDisk(machine.vmId, options)).rejects.toThrow('it died');
    await engine.kill();
    const next = make();
    const hints = next.watch(options)[Symbol.asyncIterator]();
    const hint = hints.next();

    await engine.start();

    expect(await hint).toEqual({ done: false, value: machine.vmId });
    await next.deleteDisk(machine.vmId, options);
  });

  it('is gone although the engine says nothing over its console, whoever reads that', async () => {
    await using stalling = await startStallingEngine(engine.socketPath, /^GET \S+\/logs\?/);
    const driver = make({ socketPath: stalling.socketPath });
    await driver.createDisk(machine, options);
    await driver.startMachine(machine, options);
    const read = (async () => {
      const all = { ...options, offset: 0, follow: true };
      for await (const _ of driver.readConsole(machine.vmId, all));
    })();
    await stalling.stalled;

    await driver.endMachine(machine.vmId, options);
    await driver.deleteDisk(machine.vmId, options);

    await read;
    expect(left()).toEqual([]);
  });
}

interface StallingEngine extends AsyncDisposable {
  readonly socketPath: string;
  /** Resolves when something was asked that nobody will answer. */
  readonly stalled: Promise<void>;
}

/** The engine, at another socket, where what begins like this is not answered. */
async function startStallingEngine(socketPath: string, isStalled: RegExp): Promise<StallingEngine> {
  const own = `${socketPath}.stalling`;
  const sockets = new Set<Socket>();
  const { promise: stalled, resolve } = Promise.withResolvers<void>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (begin) => {
      if (isStalled.test(begin.toString('latin1'))) return resolve();
      const onward = connect(socketPath);
      sockets.add(onward);
      onward.on('error', () => socket.destroy());
      onward.write(begin);
      socket.pipe(onward).pipe(socket);
    });
  });
  server.listen(own);
  await once(server, 'listening');
  return {
    ...{ socketPath: own, stalled },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

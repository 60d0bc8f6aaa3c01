import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { VolaryClient } from '@volary/sdk';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  startTestEngine,
  type TestEngine,
} from '../../../packages/server/src/adapters/drivers/docker/docker-engine.fixture.ts';
import { listContainers } from '../../../packages/server/src/adapters/drivers/docker/engine/containers.ts';
import { createEngineClient } from '../../../packages/server/src/adapters/drivers/docker/engine/engine-client.ts';
import type { FaultPointName } from '../../../packages/server/src/ports/fault-point.ts';
import { type ServerProcess, startServer } from '../server-process.ts';
import { readStoredNetworks } from '../stored-leases.ts';

/* A container is deleted once that is asked for, whoever dies over it, and nothing of it is left. */

/** The moments of a deletion, in their order. */
const MOMENTS = [
  'commit.vm.deleting.after',
  'driver.end-machine.before',
  'docker.container-killed',
  'driver.end-machine.after',
  'driver.delete-disk.before',
  'docker.container-removed',
  'docker.packs-removed',
  'driver.delete-disk.after',
  'commit.vm.deleted.before',
  'commit.vm.deleted.after',
] as const satisfies readonly FaultPointName[];

/** Those after which the engine has something to do, or has done it and nobody has heard of it. */
const BETWEEN = MOMENTS.slice(1, 7);
const NOTHING = { containers: [], files: [] };

const engine = await startTestEngine();

if ('whyNot' in engine) it('deletes containers', ({ skip }) => skip(engine.whyNot));
else describe('the deletion of a container', () => testDeletions(engine));

function testDeletions(engine: TestEngine): void {
  const directory = mkdtempSync(join(tmpdir(), 'fault-'));
  const dataDir = join(directory, 'data');
  let server: ServerProcess;

  afterEach(async () => {
    if (!server.isDead()) await server.kill();
  });
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true });
  });

  function launch(faultPoint?: FaultPointName): void {
    const env = { VOLARY_DOCKER_SOCKET: engine.socketPath };
    const at = faultPoint === undefined ? undefined : `${faultPoint}:1`;
    server = startServer({ dataDir, driver: 'docker', faultPoint: at, env });
  }

  async function begin(faultPoint?: FaultPointName): Promise<VolaryClient> {
    launch(faultPoint);
    const client = await server.ready();
    if (client === null) throw new Error(`the server ended at its start: ${await server.died}`);
    return client;
  }

  /** One that runs, and whose console has been read. Answers with its id. */
  async function create(client: VolaryClient): Promise<string> {
    await client.operations.finish((await client.vms.create({ name: 'crab', memory_mib: 192 })).id);
    const { id } = await client.vms.get('crab');
    for await (const _ of client.vms.console('crab'));
    return id;
  }

  /** Nobody may be there to answer. */
  async function ask(client: VolaryClient): Promise<void> {
    await client.vms.delete('crab').catch(() => undefined);
  }

  async function untilGone(client: VolaryClient, vm: string): Promise<void> {
    const signal = AbortSignal.timeout(60_000);
    for await (const { type } of client.events.follow({ after: 0, vm }, { signal })) if (type === 'vm.deleted') return;
  }

  /** All that there is of VMs: what the engine has, and what lies beside it. */
  async function left(): Promise<unknown> {
    const { installationId } = readStoredNetworks(dataDir);
    const client = createEngineClient(engine.socketPath);
    const containers = await listContainers(client, { installationId }, { signal: AbortSignal.timeout(10_000) });
    const files = readdirSync(join(dataDir, 'docker'));
    return { containers, files: files.filter((name) => name !== 'packs') };
  }

  /** Has a server die over a deletion; answers with what was to be deleted. */
  async function dieAt(moment: FaultPointName): Promise<string> {
    const client = await begin(moment);
    const id = await create(client);
    await ask(client);
    await server.died;
    return id;
  }

  it.each(MOMENTS)('goes on when the server dies at %s', async (moment) => {
    const id = await dieAt(moment);

    await untilGone(await begin(), id);

    expect(await left()).toEqual(NOTHING);
  });

  it.each(BETWEEN)('goes on when the server dies at %s, and the engine with it', async (moment) => {
    const id = await dieAt(moment);
    await engine.kill();
    await engine.start();

    await untilGone(await begin(), id);

    expect(await left()).toEqual(NOTHING);
  });

  it.each(BETWEEN)('goes on when the server dies at %s, and the engine comes back after it', async (moment) => {
    const id = await dieAt(moment);
    await engine.kill();
    launch();
    const client = await server.answering();
    if (client === null) throw new Error(`the server ended at its start: ${await server.died}`);
    await engine.start();

    await untilGone(client, id);

    expect(await left()).toEqual(NOTHING);
  });

  it('goes on when the server is stopped while the engine says nothing', async () => {
    const client = await begin();
    const id = await create(client);
    engine.halt();
    try {
      await ask(client);
      expect(await server.stop()).toBe('0');
    } finally {
      engine.resume();
    }

    await untilGone(await begin(), id);

    expect(await left()).toEqual(NOTHING);
  });

  it('goes on when the container was half made', async () => {
    const client = await begin('docker.root-imported');
    await client.vms.create({ name: 'crab', memory_mib: 192 }).catch(() => undefined);
    await server.died;
    for (const point of ['docker.container-made', 'docker.life-recorded'] as const) {
      launch(point);
      await server.died;
    }
    const last = await begin();
    const { id } = await last.vms.get('crab');
    await ask(last);

    await untilGone(last, id);

    expect(await left()).toEqual(NOTHING);
  });
}

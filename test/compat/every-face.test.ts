import { createClient, type VolaryClient } from '@volary/sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, type RunningServer, runServer } from '../../packages/server/src/api/testing/run-server.ts';
import { createFaceClients, FACE_NAMES, type FaceClient, type FaceName, WORDS } from './face-clients.ts';

/* One server, five faces: a VM that is made through any of them is seen and driven through all, in the same state at the same moment. */

let server: RunningServer;
let client: VolaryClient;
let faces: Readonly<Record<FaceName, FaceClient>>;

beforeAll(async () => {
  server = await runServer({
    VOLARY_SIMULATED_HOST: 'cpus: 64, memory_mib: 1048576, disk_gib: 16384',
    VOLARY_RATE_LIMIT: 'off',
    VOLARY_RATE_LIMITS: 'novacron: off',
  });
  client = createClient({ baseUrl: server.url, apiKey: ADMIN_KEY });
  faces = createFaceClients({ url: server.url, key: ADMIN_KEY, template: 'base' });
});
afterAll(() => server?.[Symbol.asyncDispose]());

let made = 0;

/** Makes one that runs. vm-api has workspaces, and so makes one. */
async function make(maker: FaceName): Promise<string> {
  made += 1;
  const name = `${maker}-${made}`;
  await faces[maker].create(name);
  await until(faces[maker], name, 'running');
  return name;
}

/** Until this face shows it so. */
async function until(face: FaceClient, name: string, state: keyof typeof WORDS): Promise<void> {
  await expect
    .poll(async () => (await face.see(name))?.status, { timeout: 20_000, interval: 10 })
    .toBe(WORDS[state][face.name]);
}

const shows = (face: FaceName, maker: FaceName): boolean => face !== 'vm-api' || maker === 'vm-api';

/** Asked once, each sees the same. Workspaces alone are seen through vm-api. */
async function expectSame(name: string, maker: FaceName, state: keyof typeof WORDS): Promise<void> {
  const seen = await Promise.all(FACE_NAMES.map(async (face) => [face, await faces[face].see(name)] as const));
  const { vcpus, memory_mib: memoryMib } = await client.vms.get(name);

  for (const [face, vm] of seen) {
    const status = WORDS[state][face];
    if (!shows(face, maker)) expect(vm).toBeNull();
    else if (face === 'vm-api') expect(vm).toEqual({ status, vcpus: null, memoryMib: null });
    else expect(vm, `as ${face} shows it`).toEqual({ status, vcpus, memoryMib });
  }
}

describe.each(FACE_NAMES)('a VM that %s makes', (maker) => {
  it('is seen through all faces, and stopped and started through all that can, in the same state at once', async () => {
    const name = await make(maker);
    await expectSame(name, maker, 'running');

    for (const face of FACE_NAMES) {
      const { stop, start } = faces[face];
      if (stop === null || start === null) continue;
      await stop(name);
      await until(faces[face], name, 'stopped');
      await expectSame(name, maker, 'stopped');
      await start(name);
      await until(faces[face], name, 'running');
      await expectSame(name, maker, 'running');
    }
    await client.operations.finish((await client.vms.pause(name)).id);
    await expectSame(name, maker, 'paused');
    await client.operations.finish((await client.vms.resume(name)).id);
  });

  it('runs commands through all faces that can, and has them in one history', async () => {
    const name = await make(maker);
    const runners = FACE_NAMES.flatMap((face) => faces[face].run ?? []);
    expect(runners).toHaveLength(2);

    for (const run of runners) expect(await run(name, 'echo hello')).toEqual({ code: 0, stdout: 'hello\n' });

    const { items } = await client.executions.list(name);
    expect(items).toHaveLength(2);
  });

  it.each(FACE_NAMES)('is gone from all faces when it is deleted through %s', async (deleter) => {
    const name = await make(maker);
    if (!shows(deleter, maker)) {
      // What a face does not show, it cannot delete either.
      await expect(faces[deleter].remove(name)).rejects.toThrow('404');
      return await expectSame(name, maker, 'running');
    }

    await faces[deleter].remove(name);
    await expect.poll(() => faces[deleter].see(name), { timeout: 20_000, interval: 10 }).toBeNull();

    for (const face of FACE_NAMES) expect(await faces[face].see(name), `as ${face} shows it`).toBeNull();
  });
});

import { writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identityOf } from '../../shared/vm-identity.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { createAcceleratorChooser } from './accelerator.ts';
import { bootProbeGuest, type ProbeRequest } from './probe-guest.ts';
import { connectAgent, makeQemuHost, type QemuHost } from './qemu-host.fixture.ts';
import { createQemuFinder, type QemuProgram } from './qemu-program.ts';

const { signal } = new AbortController();
const log = createPinoLog({ level: 'error' });
let host: QemuHost;
let program: QemuProgram;

beforeAll(async () => {
  host = await makeQemuHost();
  program = await createQemuFinder()({ signal });
});

afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

function probe(changes: Partial<ProbeRequest> = {}) {
  const request = {
    program,
    identity: identityOf('probe', []),
    accelerator: 'tcg',
    image: host.image,
    timeoutMs: 60_000,
    signal,
  } as const;
  return bootProbeGuest({ cacheDir: host.cacheDir, log, connectAgent }, { ...request, ...changes });
}

async function leftProbes(): Promise<readonly string[]> {
  return (await readdir(host.cacheDir)).filter((name) => name.startsWith('probe-'));
}

test('a guest whose agent answers proves its accelerator', async () => {
  expect(await probe()).toMatchObject({ kind: 'answered', afterMs: expect.any(Number) });
  expect(await leftProbes()).toEqual([]);
});

test('a guest that never answers is given up after its time, and nothing is left of it', async () => {
  const initramfsPath = join(host.cacheDir, 'no-agent');
  writeFileSync(initramfsPath, 'no agent in here');

  const result = await probe({ image: { ...host.image, initramfsPath }, timeoutMs: 2_000 });

  expect(result).toEqual({ kind: 'failed', why: 'a probe guest did not answer with it within 2 s' });
  expect(await leftProbes()).toEqual([]);
});

test('whoever calls a probe off gets the reason, and nothing is left of it', async () => {
  const controller = new AbortController();

  const probing = probe({ signal: controller.signal });
  controller.abort(new Error('enough'));

  await expect(probing).rejects.toThrow('enough');
  expect(await leftProbes()).toEqual([]);
});

test('the choice is made once per boot of the host, says why, and is shared by all who ask', async () => {
  const chooser = createAcceleratorChooser({ cacheDir: host.cacheDir, log, connectAgent });

  const [one, two] = await Promise.all([
    chooser.choose(program, host.image, { signal }),
    chooser.choose(program, host.image, { signal }),
  ]);
  const later = await createAcceleratorChooser({ cacheDir: host.cacheDir, log, connectAgent }).choose(
    program,
    host.image,
    { signal },
  );

  expect(one.accelerator.explanation).toMatch(/kvm/);
  expect(two.accelerator).toEqual(one.accelerator);
  expect(later.accelerator).toEqual(one.accelerator);
});

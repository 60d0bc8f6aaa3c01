import { mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { inspectVm } from './inspect.ts';
import { Machines } from './machines.ts';
import { factsPath, type SavedFacts, suspendedPath, writeSavedFacts } from './saved/saved-machine.ts';

const vmId = idFromUuid('vm', '01890a5d-ac96-774b-bcce-b302099a8057');
const FACTS: SavedFacts = {
  ...{ version: 1, deviceDigest: 'd', machineType: 'm', qemuVersion: '7', accelerator: 'tcg', vcpuCount: 1 },
  ...{ memoryMib: 1, diskBytes: 1, imageDigest: 'i', isPrepared: false, savedAt: 1, haltedMs: 1 },
  ...{ contents: undefined, attachments: undefined, canGrow: undefined, suspendedLife: 3 },
  digests: { memory: 'm', added: undefined, devices: 'd', disk: null, extraDisks: undefined, linkKey: 'k' },
};
const options = { signal: new AbortController().signal };
let dataDir: string;
let machines: Machines;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'volary-test-inspect-'));
  machines = new Machines({ dataDir, log: createPinoLog({ level: 'error', stream: { write: () => undefined } }) });
});
afterEach(async () => {
  await machines[Symbol.asyncDispose]();
  rmSync(dataDir, { recursive: true });
});

const DAMAGES: readonly (readonly [string, (path: string) => void])[] = [
  ['cannot be read', (path) => mkdirSync(path)],
  ['are cut short', (path) => writeFileSync(path, '{"version": 2, ')],
  ['are of a later version', (path) => writeFileSync(path, '{"version": 3, "suspendedLife": 1}')],
];

test.each(DAMAGES)('a machine is not absent that was suspended to what has facts that %s', async (_, damage) => {
  const directory = suspendedPath(dataDir, vmId);
  mkdirSync(directory, { recursive: true });
  damage(factsPath(directory));

  expect((await inspectVm(machines, vmId, options)).machine.kind).toBe('unreadable');
});

test('one that was suspended to what cannot be read for a while says so in plain words, and is suspended when it can be', async () => {
  const directory = suspendedPath(dataDir, vmId);
  const [path, aside] = [factsPath(directory), `${factsPath(directory)}.aside`];
  mkdirSync(directory, { recursive: true });
  await writeSavedFacts(directory, FACTS);
  renameSync(path, aside);
  mkdirSync(path);

  expect((await inspectVm(machines, vmId, options)).machine).toEqual({
    kind: 'unreadable',
    detail: expect.stringContaining('cannot be read now. It is kept'),
  });

  rmdirSync(path);
  renameSync(aside, path);
  expect((await inspectVm(machines, vmId, options)).machine).toEqual({ kind: 'suspended', incarnation: 3 });
});

test('a VM of which nothing is kept has none', async () => {
  expect((await inspectVm(machines, vmId, options)).machine).toEqual({ kind: 'absent' });
});

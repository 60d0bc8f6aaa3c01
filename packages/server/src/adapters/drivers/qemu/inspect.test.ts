import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { idFromUuid } from '../../../domain/ids.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { inspectVm } from './inspect.ts';
import { Machines } from './machines.ts';
import { factsPath, suspendedPath } from './saved/saved-machine.ts';

const vmId = idFromUuid('vm', '01890a5d-ac96-774b-bcce-b302099a8057');
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

test('a VM of which nothing is kept has none', async () => {
  expect((await inspectVm(machines, vmId, options)).machine).toEqual({ kind: 'absent' });
});

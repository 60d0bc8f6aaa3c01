import { appendFile, mkdir, mkdtemp, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { idFromUuid } from '../../../../domain/ids.ts';
import { openTakenConsole, removeTakenConsole, takenConsolePath } from './taken-console.ts';

const VM = idFromUuid('vm', '0198a5c0-0000-7000-8000-000000000001');
const [EARLY, LATE] = ['2026-01-31T12:00:00.000000001Z', '2026-01-31T12:00:00.000000002Z'] as const;

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'taken-console-'));
});
afterEach(async () => {
  await rm(dataDir, { recursive: true });
});

const piece = (stamp: string, text: string) => ({ stamp, bytes: Buffer.from(text) });

async function readAll(): Promise<string> {
  let text = '';
  for await (const { bytes } of (await openTakenConsole(dataDir, VM)).log.read(0))
    text += Buffer.from(bytes).toString();
  return text;
}

it('knows how far it has come, also of what has the same time, and also when it is opened anew', async () => {
  const taken = await openTakenConsole(dataDir, VM);
  await taken.append([piece(EARLY, 'one\n'), piece(LATE, 'tw')]);
  await taken.append([piece(LATE, 'o\n')]);

  expect(taken.position()).toMatchObject({ stamp: LATE, bytes: 4 });
  expect((await openTakenConsole(dataDir, VM)).position()).toEqual(taken.position());
  expect(await readAll()).toBe('one\ntwo\n');
});

it('drops what a crash has left that it does not know to be taken', async () => {
  await (await openTakenConsole(dataDir, VM)).append([piece(EARLY, 'one\n')]);
  const [segment = ''] = (await readdir(takenConsolePath(dataDir, VM))).filter((name) => name.endsWith('.log'));
  await appendFile(join(takenConsolePath(dataDir, VM), segment), 'two\n');

  expect(await readAll()).toBe('one\n');
});

it.each(['', '{"version":1,', '{"version":2}'])('begins anew where "%s" is left of how far it came', async (left) => {
  await (await openTakenConsole(dataDir, VM)).append([piece(EARLY, 'one\n')]);
  await writeFile(join(takenConsolePath(dataDir, VM), 'position.json'), left);

  expect((await openTakenConsole(dataDir, VM)).position()).toMatchObject({ stamp: '', bytes: 0 });
  expect(await readAll()).toBe('');
});

it('keeps what it has while nobody can tell how far it came', async () => {
  await (await openTakenConsole(dataDir, VM)).append([piece(EARLY, 'one\n')]);
  const path = join(takenConsolePath(dataDir, VM), 'position.json');
  await rename(path, `${path}.aside`);
  await mkdir(path);

  await expect(openTakenConsole(dataDir, VM)).rejects.toMatchObject({ reason: 'host.file_unreadable' });

  await rmdir(path);
  await rename(`${path}.aside`, path);
  expect(await readAll()).toBe('one\n');
});

it('leaves nothing of one that is removed', async () => {
  await (await openTakenConsole(dataDir, VM)).append([piece(EARLY, 'one\n')]);

  await removeTakenConsole(dataDir, VM);

  expect(await readdir(join(dataDir, 'docker'))).toEqual([]);
});

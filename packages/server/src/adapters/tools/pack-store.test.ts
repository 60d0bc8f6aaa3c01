import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createPinoLog } from '../system/pino-log.ts';
import {
  createPackFinder,
  listPacks,
  PACK_FILES,
  packDirectoryName,
  packFacts,
  requireReadable,
} from './pack-store.ts';

const log = createPinoLog({ level: 'error', stream: { write: () => undefined } });
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-packs-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function put(name: string, digest: string): string {
  const pack = { name, version: '1.0.0', digest, recipe: 'recipe', sizeBytes: 7, builtAt: 1 };
  const path = join(directory, packDirectoryName(pack));
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, PACK_FILES.pack), 'content');
  writeFileSync(join(path, PACK_FILES.facts), packFacts(pack));
  return path;
}

it('a pack that cannot be read keeps nobody from the others, and is not taken for one that was never built', async () => {
  const [bun, node] = ['a'.repeat(64), 'b'.repeat(64)];
  put('bun', bun);
  const facts = join(put('node', node), PACK_FILES.facts);
  rmSync(facts);
  // It leads to itself, so that not even root can read it.
  symlinkSync(PACK_FILES.facts, facts);
  const finder = createPackFinder(directory);

  expect((await listPacks(directory, log)).map(({ digest }) => digest)).toEqual([bun]);
  expect((await finder.find({ name: 'bun', version: '1.0.0' }))?.digest).toBe(bun);
  expect((await finder.findDigest(bun))?.digest).toBe(bun);
  expect(await finder.versions('node')).toEqual([]);
  expect(await finder.find({ name: 'node', version: '2.0.0' })).toBeNull();
  await expect(finder.find({ name: 'node', version: '1.0.0' })).rejects.toMatchObject({
    reason: 'host.file_unreadable',
  });

  await expect(requireReadable(directory, node)).rejects.toMatchObject({ reason: 'host.file_unreadable' });
  await requireReadable(directory, bun);

  rmSync(facts);
  put('node', node);
  await requireReadable(directory, node);
  expect((await finder.find({ name: 'node', version: '1.0.0' }))?.digest).toBe(node);
});

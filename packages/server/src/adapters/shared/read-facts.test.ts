import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { integer, record } from '../../lib/shape.ts';
import { readFacts, unlessAbsent, valueIn } from './read-facts.ts';

const SHAPE = record({ version: integer(1) });
const UNREADABLE = { code: 'unavailable', reason: 'host.file_unreadable' };

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-facts-'));
  path = join(directory, 'facts.json');
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('a file that says what it should is told with its value', async () => {
  writeFileSync(path, '{"version":3,"more":true}');

  const facts = await readFacts(path, SHAPE);

  expect(facts).toMatchObject({ kind: 'valid', value: { version: 3 } });
  expect(valueIn(facts)).toMatchObject({ version: 3 });
});

test.each(['', '{"version":', 'null', '{"version":0}'])('one that holds "%s" is damaged', async (content) => {
  writeFileSync(path, content);

  expect(await readFacts(path, SHAPE)).toEqual({ kind: 'damaged' });
});

test('where there is none, also no directory for it, it is absent', async () => {
  writeFileSync(path, '');

  expect(await readFacts(join(directory, 'other.json'), SHAPE)).toEqual({ kind: 'absent' });
  expect(await readFacts(join(path, 'below.json'), SHAPE)).toEqual({ kind: 'absent' });
  expect(await stat(join(path, 'below.json')).catch(unlessAbsent)).toBeNull();
});

test('one that cannot be read is neither: that is thrown, with no path in what the caller reads', async () => {
  mkdirSync(path);
  const loop = join(directory, 'loop.json');
  symlinkSync(loop, loop);

  await expect(readFacts(path, SHAPE)).rejects.toMatchObject(UNREADABLE);
  await expect(readFacts(loop, SHAPE)).rejects.toMatchObject({
    ...UNREADABLE,
    context: { path: loop, errno: 'ELOOP' },
  });
  await expect(stat(loop).catch(unlessAbsent)).rejects.toMatchObject(UNREADABLE);
  await expect(readFacts(loop, SHAPE)).rejects.not.toThrow(directory);
});

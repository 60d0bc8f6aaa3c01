import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inPlace, makePart, namesIn, removeParts } from './in-place.ts';

let parent: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'volary-test-in-place-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('a directory that appears at once', () => {
  it('is not there before it is complete, and everybody may read it then', async () => {
    const path = await inPlace(parent, async (out) => {
      writeFileSync(join(out, 'file'), 'content');
      expect(await namesIn(parent)).toEqual([]);
      expect(statSync(out).mode & 0o777).toBe(0o700);
      return 'whole';
    });

    expect(path).toBe(join(parent, 'whole'));
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('content');
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(readdirSync(parent)).toEqual(['whole']);
  });

  it('leaves nothing when making it fails', async () => {
    const making = inPlace(parent, async (out) => {
      writeFileSync(join(out, 'file'), 'half');
      throw new Error('the disk is full');
    });

    await expect(making).rejects.toThrow('the disk is full');
    expect(readdirSync(parent)).toEqual([]);
  });

  it('never replaces one that is there', async () => {
    mkdirSync(join(parent, 'whole'));
    writeFileSync(join(parent, 'whole/file'), 'first');

    await expect(inPlace(parent, async () => 'whole')).rejects.toThrow('ENOTEMPTY');
    expect(readFileSync(join(parent, 'whole/file'), 'utf8')).toBe('first');
    expect(readdirSync(parent)).toEqual(['whole']);
  });
});

describe('what killed builds have left', () => {
  it('is not counted, and removed with all that is in it', async () => {
    const part = await makePart(parent);
    mkdirSync(join(part, 'tree/deep'), { recursive: true });
    mkdirSync(join(parent, 'whole'));
    expect(await namesIn(parent)).toEqual(['whole']);

    await removeParts(parent);

    expect(existsSync(part)).toBe(false);
    expect(readdirSync(parent)).toEqual(['whole']);
  });

  it('is nothing where nothing was ever built', async () => {
    await removeParts(join(parent, 'absent'));

    expect(await namesIn(join(parent, 'absent'))).toEqual([]);
  });
});

import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { obtainAdminKey } from './admin-key.ts';
import { prepareCacheDir, prepareDataDir } from './data-dir.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'volary-test-data-dir-'));
});
afterEach(() => rmSync(base, { recursive: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

describe('the data directory', () => {
  it('is made, and for its owner alone', () => {
    prepareDataDir(join(base, 'a/b'));

    expect(modeOf(join(base, 'a/b'))).toBe(0o700);
  });

  it('of somebody else is refused, and left as it is', () => {
    const path = join(base, 'shared');
    mkdirSync(path);
    writeFileSync(join(path, 'a-file-of-another-program'), '');
    chmodSync(path, 0o1777);

    expect(() => prepareDataDir(path)).toThrow('holds files of something else');
    expect(modeOf(path)).toBe(0o1777);
  });

  it.each(['/proc/x/y', '/dev/null/x'])('at %s is refused at once', (path) => {
    expect(() => prepareDataDir(path)).toThrow('--data-dir');
    expect(() => prepareCacheDir(path)).toThrow('VOLARY_CACHE_DIR');
  });
});

describe('the key in the data directory', () => {
  it('is made once, and is readable for its owner alone, also if it was not', () => {
    const { key } = obtainAdminKey(base, null);
    chmodSync(join(base, 'admin.key'), 0o644);

    expect(obtainAdminKey(base, null)).toEqual({ key, isNew: false });
    expect(modeOf(join(base, 'admin.key'))).toBe(0o600);
  });

  it('has to be one', () => {
    writeFileSync(join(base, 'admin.key'), 'x\n');
    expect(() => obtainAdminKey(base, null)).toThrow('is not a key');

    rmSync(join(base, 'admin.key'));
    mkdirSync(join(base, 'admin.key'));
    expect(() => obtainAdminKey(base, null)).toThrow('cannot be read');
  });
});

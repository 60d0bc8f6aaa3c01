import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeCpio } from './cpio.ts';

describe('a cpio archive', () => {
  it('is unpacked by cpio to what went in, whatever the lengths', () => {
    const directory = mkdtempSync(join(tmpdir(), 'volary-test-cpio-'));
    const contents = [0, 1, 2, 3, 4, 5, 4_096].map((length) => Buffer.alloc(length, length));
    const files = contents.map(
      (content, i) => ({ kind: 'file', path: `d/${'n'.repeat(i + 1)}`, mode: 0o640, content }) as const,
    );
    try {
      const archive = writeCpio([{ kind: 'directory', path: 'd', mode: 0o750 }, ...files]);
      execFileSync('cpio', ['-idm', '--quiet'], { cwd: directory, input: archive });

      for (const { path, content } of files) expect(readFileSync(join(directory, path))).toEqual(content);
      expect(statSync(join(directory, 'd')).mode & 0o7777).toBe(0o750);
      expect(statSync(join(directory, 'd/n')).mode & 0o7777).toBe(0o640);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

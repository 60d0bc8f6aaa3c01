import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkDirectory } from './check-directories.ts';

describe('a directory of the server', () => {
  it('that cannot be made is a failure, with the reason', async () => {
    expect(await checkDirectory('x', 'X', '/proc/volary/data', 'choose another')).toMatchObject({
      status: 'fail',
      detail: '/proc/volary/data cannot be written: no such file or directory',
      fix: 'choose another',
    });
  });

  it('that can be made is not made by looking', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'volary-test-doctor-'));
    const finding = await checkDirectory('x', 'X', join(directory, 'a/b'), 'choose another');

    expect(finding.status).not.toBe('fail');
    expect(readdirSync(directory)).toEqual([]);
    rmSync(directory, { recursive: true });
  });

  it('that is a file is a failure', async () => {
    expect(await checkDirectory('x', 'X', '/etc/passwd', 'choose another')).toMatchObject({ status: 'fail' });
  });
});

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { requireTools } from './tools.ts';

const ALL = [
  'mmdebstrap',
  'mke2fs',
  'debugfs',
  'dpkg-deb',
  'apt-get',
  'setpriv',
  'unshare',
  'prlimit',
  'make',
  'musl-gcc',
];
let searchPath: string;

beforeEach(() => {
  searchPath = mkdtempSync(join(tmpdir(), 'volary-test-tools-'));
});
afterEach(() => rmSync(searchPath, { recursive: true }));

function install(...tools: readonly string[]): void {
  for (const tool of tools) {
    writeFileSync(join(searchPath, tool), '');
    chmodSync(join(searchPath, tool), 0o755);
  }
}

describe('the tools that a build needs', () => {
  it('may all be there', () => {
    install(...ALL);

    expect(() => requireTools({ searchPath, isRoot: true, hasFile: () => true })).not.toThrow();
  });

  it('are named with the Debian packages that bring them, each once', () => {
    install(...ALL.filter((tool) => !['musl-gcc', 'mke2fs', 'debugfs'].includes(tool)));

    expect(() => requireTools({ searchPath, isRoot: true, hasFile: () => true })).toThrow(
      expect.objectContaining({
        code: 'failed_precondition',
        reason: 'image.tool_missing',
        message:
          'Building an image needs mke2fs, debugfs, musl-gcc. On Debian and Ubuntu: apt-get install e2fsprogs musl-tools.',
        details: { tools: ['mke2fs', 'debugfs', 'musl-gcc'], packages: ['e2fsprogs', 'musl-tools'] },
      }),
    );
  });

  it('are more for who is not root', () => {
    install(...ALL);

    expect(() => requireTools({ searchPath, isRoot: false, hasFile: () => true })).toThrow('apt-get install uidmap');
  });

  it("include Debian's keys, which other distributions do not bring", () => {
    install(...ALL);

    expect(() => requireTools({ searchPath, isRoot: true, hasFile: () => false })).toThrow('debian-archive-keyring');
  });
});

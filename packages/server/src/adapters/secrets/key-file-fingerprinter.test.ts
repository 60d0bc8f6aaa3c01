import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPinoLog } from '../system/pino-log.ts';
import { createKeyFileFingerprinter } from './key-file-fingerprinter.ts';

let directory: string;
let path: string;
let logged: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'volary-test-fingerprints-'));
  path = join(directory, 'fingerprint.key');
  logged = [];
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function fingerprintOf(text: string, at = path): string {
  const log = createPinoLog({ level: 'warn', stream: { write: (line: string) => logged.push(line) } });
  return createKeyFileFingerprinter(at, log).fingerprintOf(text);
}

describe('a fingerprint', () => {
  it('is the same after a restart, and another one for another text or in another installation', () => {
    const first = fingerprintOf('POST /v1/webhooks\n{"secret":"short"}');

    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprintOf('POST /v1/webhooks\n{"secret":"short"}')).toBe(first);
    expect(fingerprintOf('POST /v1/webhooks\n{"secret":"Short"}')).not.toBe(first);
    expect(fingerprintOf('POST /v1/webhooks\n{"secret":"short"}', join(directory, 'other'))).not.toBe(first);
    expect(first).not.toBe(createHash('sha256').update('POST /v1/webhooks\n{"secret":"short"}').digest('hex'));
    expect(logged).toEqual([]);
  });

  it('is by a key that is its user’s alone', () => {
    const first = fingerprintOf('x');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    chmodSync(path, 0o644);

    expect(fingerprintOf('x')).toBe(first);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(logged).toHaveLength(1);
  });

  it.each(['', 'hello\n', `${'A'.repeat(43)}=`, `${'A'.repeat(43)}=\n\n`])(
    'is by a new key where the file is damaged: %j',
    (text) => {
      writeFileSync(path, text, { mode: 0o600 });

      const first = fingerprintOf('x');

      expect(fingerprintOf('x')).toBe(first);
      expect(readFileSync(path, 'utf8')).toMatch(/^[A-Za-z0-9+/]{43}=\n$/);
      expect(logged).toHaveLength(1);
    },
  );

  it('wants its key in a file', () => {
    mkdirSync(path);
    expect(() => fingerprintOf('x')).toThrow(
      expect.objectContaining({ code: 'failed_precondition', reason: 'config.data_dir' }),
    );
  });
});

import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { VolaryError } from '../../domain/errors.ts';
import { keyringContract } from '../../ports/sealer.contract.ts';
import type { Keyring } from '../../ports/sealer.ts';
import { createPinoLog } from '../system/pino-log.ts';
import { givenKeys, keysOfFile } from './key-store.ts';
import { createKeyring } from './keyring.ts';

const root = mkdtempSync(join(tmpdir(), 'volary-test-keyring-'));
const log = createPinoLog({ level: 'error' });
const paths = new Map<Keyring, string>();
let count = 0;
let path: string;

beforeEach(() => {
  path = freshPath();
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

function freshPath(): string {
  return join(root, `secrets-${count++}.key`);
}

function inFile(at: string): Keyring {
  const ring = createKeyring(keysOfFile(at, log));
  paths.set(ring, at);
  return ring;
}

function given(text: string): Keyring {
  const ring = createKeyring(givenKeys(text));
  paths.set(ring, text);
  return ring;
}

keyringContract({
  name: 'a key file',
  make: () => inFile(freshPath()),
  reopen: (ring) => inFile(paths.get(ring) ?? ''),
});
keyringContract({
  name: 'given keys',
  make: () => given(randomBytes(32).toString('base64')),
  reopen: (ring) => given(paths.get(ring) ?? ''),
});

const VALUE = new Uint8Array([1, 2, 3]);

describe('the key file', () => {
  it('is made with mode 0600, one key a line', () => {
    const ring = inFile(path);
    ring.addKey();

    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(/^([A-Za-z0-9+/]{43}=\n){2}$/);
  });

  it('is taken back from others', () => {
    const sealed = inFile(path).seal(VALUE, 'x');
    chmodSync(path, 0o644);

    expect([...inFile(path).open(sealed, 'x')]).toEqual([...VALUE]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each(['', '\n', 'hello\n', 'AAAA\n', `${'A'.repeat(43)}=\nhello\n`])(
    'is never replaced when damaged: %j',
    (text) => {
      writeFileSync(path, text, { mode: 0o600 });

      expect(failure(() => inFile(path))).toBe('data_loss sealer.keyring_damaged');
      expect(readFileSync(path, 'utf8')).toBe(text);
    },
  );

  it('has to be a file', () => {
    mkdirSync(path);
    expect(failure(() => inFile(path))).toBe('failed_precondition config.data_dir');
  });

  it('may be given as it is, in the other form', () => {
    const ring = inFile(path);
    const sealed = ring.seal(VALUE, 'x');
    const fresh = randomBytes(32).toString('base64url');
    const moved = given(` ${fresh} , ${readFileSync(path, 'utf8').trim()}`);

    expect(moved.keyIds()).toHaveLength(2);
    expect(moved.keyIds()[1]).toBe(ring.keyIds()[0]);
    expect([...moved.open(sealed, 'x')]).toEqual([...VALUE]);
  });
});

describe('keys that are given', () => {
  it.each(['', 'short', 'A'.repeat(44), `${'A'.repeat(43)}=,`, `${'A'.repeat(42)}!=`])(
    'have to be keys: %j',
    (text) => {
      expect(failure(() => given(text))).toBe('invalid_argument config.weak_secrets_key');
    },
  );

  it('are not said when they are wrong', () => {
    const bad = 'hunter2-hunter2';
    try {
      given(bad);
      expect.unreachable();
    } catch (error) {
      expect(String(error)).not.toContain(bad);
    }
  });

  it('count once each', () => {
    const key = randomBytes(32).toString('base64');
    expect(given(`${key},${key}`).keyIds()).toHaveLength(1);
  });
});

function failure(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (!(error instanceof VolaryError)) throw error;
    return `${error.code} ${error.reason}`;
  }
  return 'none';
}

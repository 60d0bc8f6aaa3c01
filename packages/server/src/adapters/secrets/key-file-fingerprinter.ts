import { createHmac, randomBytes } from 'node:crypto';
import type { Fingerprinter } from '../../ports/fingerprinter.ts';
import type { Log } from '../../ports/log.ts';
import { readKeyFile, writeKeyFile } from './key-file.ts';

const KEY_BYTES = 32;
const KEY = /^[A-Za-z0-9+/]{43}=\n$/;

/**
 * By a key in a file of its own, which is made unless it is there. A damaged one is replaced: all that is lost is that fingerprints of before are not
 * known any more. Throws `failed_precondition` config.data_dir if the file cannot be read or is another's.
 */
export function createKeyFileFingerprinter(path: string, log: Log): Fingerprinter {
  const key = readKey(path, log) ?? makeKey(path);
  return { fingerprintOf: (text) => createHmac('sha256', key).update(text).digest('hex') };
}

function readKey(path: string, log: Log): Buffer | null {
  const text = readKeyFile(path, log);
  if (text === null) return null;
  if (KEY.test(text)) return Buffer.from(text, 'base64');
  log.warn(
    'a damaged key of fingerprints is replaced; requests of before with an Idempotency-Key are not known again',
    {
      path,
    },
  );
  return null;
}

function makeKey(path: string): Buffer {
  const key = randomBytes(KEY_BYTES);
  writeKeyFile(path, `${key.toString('base64')}\n`);
  return key;
}

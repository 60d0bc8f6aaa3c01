import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { VolaryError } from '../../../domain/errors.ts';
import { replaceFile } from '../../shared/replace-file.ts';
import type { VmDirectory } from './vm-directory.ts';

const KEY_BYTES = 16;

/** The secret that begins a session with this VM's agent: 16 bytes, kept as long as the VM. Makes it if there is none. */
export async function makeLinkKey(directory: VmDirectory): Promise<Uint8Array> {
  const existing = await readKey(directory);
  if (existing !== null) return existing;
  const key = randomBytes(KEY_BYTES);
  await replaceFile(directory.linkKeyPath, key, { mode: 0o600 });
  return key;
}

/** The key that was made. Throws `data_loss` driver.link_key_lost. */
export async function readLinkKey(directory: VmDirectory): Promise<Uint8Array> {
  const key = await readKey(directory);
  if (key !== null) return key;
  throw new VolaryError('data_loss', "The key to this VM's guest agent is gone; restarting the VM makes a new one.", {
    reason: 'driver.link_key_lost',
    context: { path: directory.linkKeyPath },
  });
}

async function readKey(directory: VmDirectory): Promise<Uint8Array | null> {
  const key = await readFile(directory.linkKeyPath).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return key?.length === KEY_BYTES ? key : null;
}

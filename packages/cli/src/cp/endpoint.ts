import { posix } from 'node:path';
import { usageError } from '../errors.ts';

/** One side of a copy. */
export type Side =
  | { readonly kind: 'vm'; readonly ref: string; readonly path: string }
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'stream' };

/**
 * Reads one side: `VM:/path` (a relative path is below root's home), a path of this machine, or `-`. A path of this
 * machine with a colon in it is written `./a:b`.
 */
export function parseSide(text: string): Side {
  if (text === '-') return { kind: 'stream' };
  const match = /^([a-zA-Z0-9][a-zA-Z0-9_-]*):(.*)$/s.exec(text);
  if (match === null) return { kind: 'local', path: text };
  const [, ref = '', path = ''] = match;
  return { kind: 'vm', ref, path: path.startsWith('/') ? path : posix.join('/root', path) };
}

/** Throws a `CliError` unless exactly one side is in a VM. */
export function checkSides(source: Side, target: Side): void {
  if ((source.kind === 'vm') !== (target.kind === 'vm')) return;
  const hint = 'write it as NAME:/path; for both in VMs, pipe: volary cp a:/x - | volary cp - b:/x';
  throw usageError('Exactly one side must be in a VM.', hint);
}

/** A name that a guest gave, if it is one: a hostile one could name `..` and have files written anywhere. */
export function isSafeName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}

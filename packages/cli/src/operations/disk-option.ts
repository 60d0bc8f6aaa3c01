import type { ExtraDiskRequest } from '@volary/contract';
import { InvalidArgumentError } from 'commander';
import { parseDiskGib } from '../parse-values.ts';

const FORM =
  'It has the form NAME=SIZE, or NAME[=SIZE] with any of url=U, path=P, sha256=S, format=qcow2|raw, readonly, target=T after it, by commas.';

/** Null: it is no such thing. */
type ReadValue = (value: string) => Partial<ExtraDiskRequest> | null;

/** What stands behind the name and the size, by its word. */
const OPTIONS: ReadonlyMap<string, ReadValue> = new Map<string, ReadValue>([
  ['readonly', (value) => (value === '' ? { readonly: true } : null)],
  ['url', (url) => (url === '' ? null : { url })],
  ['path', (path) => (path === '' ? null : { path })],
  ['sha256', (sha256) => (sha256 === '' ? null : { sha256 })],
  ['target', (target) => (target === '' ? null : { target })],
  ['format', (format) => (format === 'qcow2' || format === 'raw' ? { format } : null)],
]);

/** Disks besides the root, as `--add-disk` names them. */
export function collectDisks(text: string, previous: readonly ExtraDiskRequest[] = []): readonly ExtraDiskRequest[] {
  const [first = '', ...options] = text.split(',');
  const [, name = '', size] = /^([^=]+)(?:=(.+))?$/.exec(first) ?? [];
  // Without a content it is empty, and somebody has to say how large.
  if (name === '' || (size === undefined && options.length === 0)) throw new InvalidArgumentError(FORM);
  let disk: ExtraDiskRequest = { name, ...(size === undefined ? {} : { size_gib: parseDiskGib(size) }) };
  for (const option of options) disk = { ...disk, ...readOption(option) };
  return [...previous, disk];
}

function readOption(text: string): Partial<ExtraDiskRequest> {
  const [, word = '', value = ''] = /^([^=]*)=?(.*)$/.exec(text) ?? [];
  const read = OPTIONS.get(word)?.(value) ?? null;
  if (read === null) throw new InvalidArgumentError(FORM);
  return read;
}

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import { NETWORK_MODES } from '../../../domain/network/vm-network.ts';
import { either, flag, integer, listOf, nothing, type Of, oneOf, optional, record, text } from '../../../lib/shape.ts';
import type { SavedSummary } from '../../../ports/driver.ts';
import { parseFacts, valueIn } from '../../shared/read-facts.ts';
import { PACKS } from './kept-vm.ts';
import { writeKept } from './write-kept.ts';

const FILES = listOf(
  record({ path: text, mode: integer(0), modifiedAtMs: integer(0), content: either(nothing, text) }),
);
const SAVED_VM = record({
  version: oneOf(1),
  vcpuCount: integer(1),
  memoryMib: integer(1),
  diskBytes: integer(1),
  networkMode: oneOf(...NETWORK_MODES),
  imageDigest: text,
  haltedMs: integer(0),
  files: FILES,
  /** The tool packs that it had. */
  packs: optional(PACKS),
  /** SHA-256 of `files`, hexadecimal. */
  digest: text,
  /** Told to be so by a label of the VM that was saved. */
  isDamaged: flag,
  /** When it was saved, and when a machine last began from it; absent of one that was saved before anybody asked. Milliseconds since 1970. */
  savedAt: optional(integer(0)),
  usedAt: optional(integer(0)),
});

/** A simulated machine as it was at one moment. */
export type SavedVm = Of<typeof SAVED_VM>;

/** Saved machines of a simulated host: its snapshots by their ids, or its warm templates by their keys. */
export interface SavedVms<Id extends string> {
  find(id: Id): SavedVm | null;
  /** The saved machine, unaltered. Throws `data_loss` snapshot.damaged, snapshot.lost. */
  open(id: Id): SavedVm;
  keep(id: Id, saved: Omit<SavedVm, 'version' | 'digest'>): SavedVm;
  remove(id: Id): void;
  ids(): readonly Id[];
}

/** Saved machines of this process alone. */
export function rememberSavedVms<Id extends string>(): SavedVms<Id> {
  return over(new Map());
}

/** Saved machines in files of this directory; `parse` answers null for a name that is no id. */
export function keepSavedVms<Id extends string>(
  directory: string,
  { parse }: { readonly parse: (name: string) => Id | null },
): SavedVms<Id> {
  return over(filesIn(directory, parse));
}

type Texts<Id> = Pick<Map<Id, string>, 'get' | 'set' | 'delete'> & { keys(): Iterable<Id> };

function over<Id extends string>(kept: Texts<Id>): SavedVms<Id> {
  const find = (id: Id): SavedVm | null => {
    const content = kept.get(id);
    // Damaged, it is told as such by whoever opens it.
    return content === undefined ? null : valueIn(parseFacts(content, SAVED_VM));
  };
  return {
    find,
    open(id) {
      if (kept.get(id) === undefined) throw refusal('snapshot.lost');
      const saved = find(id);
      if (saved === null || saved.isDamaged || digestOf(saved.files) !== saved.digest)
        throw refusal('snapshot.damaged');
      return saved;
    },
    keep(id, facts) {
      const saved: SavedVm = { version: 1, ...facts, digest: digestOf(facts.files) };
      kept.set(id, JSON.stringify(saved));
      return saved;
    },
    remove: (id) => void kept.delete(id),
    ids: () => [...kept.keys()],
  };
}

function filesIn<Id extends string>(directory: string, parse: (name: string) => Id | null): Texts<Id> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const idOf = (file: string): Id | null => parse(file.replace(/\.json$/, ''));
  const pathOf = (id: Id): string => join(directory, `${id}.json`);
  // What a server had not finished writing when it was killed.
  for (const name of readdirSync(directory)) if (idOf(name) === null) rmSync(join(directory, name), { force: true });
  return {
    get(id) {
      try {
        return readFileSync(pathOf(id), 'utf8');
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    set(id, content) {
      writeKept(pathOf(id), content);
      return new Map();
    },
    keys: () => readdirSync(directory).flatMap((name) => idOf(name) ?? []),
    delete(id) {
      rmSync(pathOf(id), { force: true });
      return true;
    },
  };
}

/** What it cost and what fits to it, as drivers tell it. */
export function summarise(saved: SavedVm): SavedSummary {
  const { vcpuCount, memoryMib, diskBytes, imageDigest, haltedMs } = saved;
  return { vcpuCount, memoryMib, diskBytes, imageDigest, haltedMs, sizeBytes: JSON.stringify(saved).length };
}

function digestOf(files: SavedVm['files']): string {
  return createHash('sha256').update(JSON.stringify(files)).digest('hex');
}

function refusal(reason: 'snapshot.lost' | 'snapshot.damaged'): VolaryError {
  if (reason === 'snapshot.lost')
    return new VolaryError('data_loss', 'The snapshot is gone from the host.', { reason: 'snapshot.lost' });
  return new VolaryError('data_loss', 'The snapshot is not what was saved: a file of it was changed or cut short.', {
    reason: 'snapshot.damaged',
  });
}

import { rm } from 'node:fs/promises';
import {
  dictionaryOf,
  either,
  flag,
  integer,
  listOf,
  nothing,
  type Of,
  oneOf,
  optional,
  record,
  text,
} from '../../../lib/shape.ts';
import { readFacts } from '../../shared/read-facts.ts';
import { halfWrittenPath, replaceFile } from '../../shared/replace-file.ts';
import { ATTACHMENTS } from './attachments/attachments.ts';

const MACHINE_END = either(
  record({ cause: oneOf('powered-off', 'rebooted') }),
  record({ cause: oneOf('panicked', 'io-error', 'vmm-died'), detail: text }),
);

const RESTORE = record({
  /** Its state has been taken up, and its processors were set going. */
  isGoing: flag,
  /** Its guest has been told who it is now; until then nobody else speaks to it. */
  isIdentified: flag,
  /** Who it is to be. */
  hostname: text,
  network: dictionaryOf(text),
});

export type Restore = Of<typeof RESTORE>;

const LAUNCH_RECORD = record({
  version: oneOf(1),
  vmId: text,
  installationId: text,
  incarnation: integer(1),
  /** As the VMM was told it. */
  uuid: text,
  /** The program and its arguments: what the command line of a process must be for it to be ours. */
  argv: listOf(text, 1),
  machineType: text,
  qemuVersion: text,
  accelerator: oneOf('kvm', 'tcg'),
  imageDigest: text,
  launchedAt: integer(0),
  /** Where this life's console begins in the log, which holds those of earlier ones too. */
  consoleOffset: integer(0),
  /** Null between the writing of this record and the start of the process. */
  process: either(nothing, record({ pid: integer(2), startTimeTicks: integer(0), bootId: text })),
  /** Only of a machine that was restored: how far it has come since. */
  restore: optional(either(nothing, RESTORE)),
  /** Only of a machine that was made ahead of its VM and has not been given to it. */
  isSpare: optional(flag),
  /** What it was given while it ran. */
  attachments: optional(ATTACHMENTS),
  /** Virtual size of its disk; absent of one that an earlier version has started. */
  diskGib: optional(integer(1)),
  /** How it ended, where that was seen to happen. */
  end: either(nothing, MACHINE_END),
});

/** What is kept of a machine from before its start until it is cleared away; enough to find it again and to prove it. */
export type LaunchRecord = Of<typeof LAUNCH_RECORD>;

/** What a later version will have kept of it, or not. */
const NEWER_RECORD = record({ version: integer(2) });
const ANY_RECORD = either(LAUNCH_RECORD, NEWER_RECORD);
const WITH_INCARNATION = record({ incarnation: integer(1) });

/**
 * `damaged`: there is one, but nobody can tell what it says; a host that lost its power may leave such a file.
 * `newer`: a later version has written it, whose machine is not ours to judge; its incarnation is 0 where it says none.
 */
export type StoredRecord =
  | { readonly kind: 'none' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'newer'; readonly incarnation: number }
  | { readonly kind: 'valid'; readonly record: LaunchRecord };

/** The record at `path`. Throws `unavailable` host.file_unreadable. */
export async function readRecord(path: string): Promise<StoredRecord> {
  const read = await readFacts(path, ANY_RECORD);
  if (read.kind === 'absent') return { kind: 'none' };
  if (read.kind === 'damaged') return read;
  const { value } = read;
  if (LAUNCH_RECORD(value)) return { kind: 'valid', record: value };
  return { kind: 'newer', incarnation: WITH_INCARNATION(value) ? value.incarnation : 0 };
}

/** Replaces the record, so that a reader sees the old one or the new one. */
export async function writeRecord(path: string, record: LaunchRecord): Promise<void> {
  await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

/** Removes the record; absent is fine. */
export async function removeRecord(path: string): Promise<void> {
  await rm(path, { force: true });
}

/** Removes what a server that was killed over writing the record has left; nobody else may be writing it. */
export async function removeHalfWritten(path: string): Promise<void> {
  await rm(halfWrittenPath(path), { force: true });
}

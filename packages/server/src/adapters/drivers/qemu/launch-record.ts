import { readFile, rm } from 'node:fs/promises';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { replaceFile } from '../../shared/replace-file.ts';

const MACHINE_END = Type.Union([
  Type.Object({ cause: Type.Union([Type.Literal('powered-off'), Type.Literal('rebooted')]) }),
  Type.Object({
    cause: Type.Union([Type.Literal('panicked'), Type.Literal('io-error'), Type.Literal('vmm-died')]),
    detail: Type.String(),
  }),
]);

const LAUNCH_RECORD = Type.Object({
  version: Type.Literal(1),
  vmId: Type.String(),
  installationId: Type.String(),
  incarnation: Type.Integer({ minimum: 1 }),
  /** As the VMM was told it. */
  uuid: Type.String(),
  /** The program and its arguments: what the command line of a process must be for it to be ours. */
  argv: Type.Array(Type.String(), { minItems: 1 }),
  machineType: Type.String(),
  qemuVersion: Type.String(),
  accelerator: Type.Union([Type.Literal('kvm'), Type.Literal('tcg')]),
  imageDigest: Type.String(),
  launchedAt: Type.Integer(),
  /** Where this life's console begins in the log, which holds those of earlier ones too. */
  consoleOffset: Type.Integer({ minimum: 0 }),
  /** Null between the writing of this record and the start of the process. */
  process: Type.Union([
    Type.Null(),
    Type.Object({ pid: Type.Integer({ minimum: 2 }), startTimeTicks: Type.Integer(), bootId: Type.String() }),
  ]),
  /** How it ended, where that was seen to happen. */
  end: Type.Union([Type.Null(), MACHINE_END]),
});

/** What is kept of a machine from before its start until it is cleared away; enough to find it again and to prove it. */
export type LaunchRecord = Static<typeof LAUNCH_RECORD>;

/** `damaged`: there is one, but nobody can tell what it says; a host that lost its power may leave such a file. */
export type StoredRecord =
  | { readonly kind: 'none' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'valid'; readonly record: LaunchRecord };

/** The record at `path`. */
export async function readRecord(path: string): Promise<StoredRecord> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return { kind: 'none' };
  const value = parseJson(text);
  return Value.Check(LAUNCH_RECORD, value) ? { kind: 'valid', record: value } : { kind: 'damaged' };
}

/** Replaces the record, so that a reader sees the old one or the new one. */
export async function writeRecord(path: string, record: LaunchRecord): Promise<void> {
  await replaceFile(path, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

/** Removes the record; absent is fine. */
export async function removeRecord(path: string): Promise<void> {
  await rm(path, { force: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A damaged file is an answer of its own, told by the check that follows.
    return null;
  }
}

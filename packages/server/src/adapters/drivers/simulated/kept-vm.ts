import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { VolaryError } from '../../../domain/errors.ts';
import { parseId, type VmId } from '../../../domain/ids.ts';
import { NETWORK_MODES } from '../../../domain/network/vm-network.ts';
import {
  dictionary,
  either,
  flag,
  integer,
  listOf,
  nothing,
  type Of,
  oneOf,
  optional,
  record,
  type Shape,
  text,
} from '../../../lib/shape.ts';
import { parseFacts } from '../../shared/read-facts.ts';
import { FAULTY_CALLS } from './faults.ts';
import { writeKept } from './write-kept.ts';

const MACHINE_END = either(
  record({ cause: oneOf('powered-off', 'rebooted') }),
  record({ cause: oneOf('panicked', 'io-error', 'vmm-died'), detail: text }),
);
/** Tool packs of a machine. */
export const PACKS = listOf(
  record({
    ...{ name: text, version: text, digest: text },
    ...{ place: integer(1), offsetBytes: integer(0), sizeBytes: integer(1) },
  }),
);
const MACHINE = record({
  incarnation: integer(1),
  name: text,
  /** What a process id is to a real machine. */
  number: integer(1),
  /** By the wall clock, milliseconds since 1970. */
  startedAt: integer(0),
  state: either(oneOf('running', 'paused', 'suspended', 'unresponsive'), record({ end: MACHINE_END })),
  /** Absent of one that was started when nothing could be saved. */
  size: optional(
    record({
      vcpuCount: integer(1),
      memoryMib: integer(1),
      diskGib: integer(1),
      networkMode: oneOf(...NETWORK_MODES),
      /** What it can be given while it runs; absent of one that was started when nothing could be. */
      mostVcpus: optional(integer(1)),
      mostMemoryMib: optional(integer(1)),
    }),
  ),
  /** The tool packs that it has. */
  packs: optional(PACKS),
  /** Ids of commands that its guest has begun, the newest last. */
  begun: optional(listOf(text)),
});
const labels: Shape<Readonly<Record<string, string>>> = (value): value is Readonly<Record<string, string>> =>
  dictionary(value) && Object.values(value).every(text);
const FAULTS = record({
  labels,
  failures: listOf(record({ call: oneOf(...FAULTY_CALLS), count: integer(0) })),
});
const KEPT_VM = record({
  version: oneOf(1),
  /** Of the image that its disk was made from. */
  imageDigest: text,
  files: listOf(record({ path: text, mode: integer(0), modifiedAtMs: integer(0), content: either(nothing, text) })),
  /** `bytes` in base64. */
  console: record({ offset: integer(0), bytes: text }),
  machine: either(nothing, MACHINE),
  /** Digests of the tool packs that it keeps. */
  keptPacks: optional(listOf(text)),
  /** It was made ahead of its VM, and has not been given to it. */
  isSpare: optional(flag),
  faults: FAULTS,
});

/** A VM of a simulated host, as it lies on disk: what is true of it while no server runs. */
export type KeptVm = Of<typeof KEPT_VM>;
export type KeptMachine = Of<typeof MACHINE>;
export type KeptFaults = Of<typeof FAULTS>;

/** Where a simulated host keeps its VMs, so that they outlive the process which simulates them. */
export interface VmKeeper {
  /** What was kept. Throws `data_loss` driver.damaged_state. */
  readAll(): ReadonlyMap<VmId, KeptVm>;
  /** Replaces what is kept of the VM, as `writeKept`. */
  write(vmId: VmId, vm: Omit<KeptVm, 'version'>): void;
  remove(vmId: VmId): void;
}

/** Keeps each VM in a file of this directory. Not synchronised: a process that is killed loses nothing, a host without power may. */
export function createVmKeeper(directory: string): VmKeeper {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pathOf = (vmId: VmId): string => join(directory, `${vmId}.json`);
  return {
    readAll() {
      const found = new Map<VmId, KeptVm>();
      for (const { name } of readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isFile())) {
        const vmId = parseId('vm', name.replace(/\.json$/, ''));
        // What a server had not finished writing when it was killed.
        if (vmId === null) rmSync(join(directory, name), { force: true });
        else found.set(vmId, read(pathOf(vmId)));
      }
      return found;
    },
    write(vmId, vm) {
      const whole: KeptVm = { version: 1, ...vm };
      writeKept(pathOf(vmId), JSON.stringify(whole));
    },
    remove: (vmId) => rmSync(pathOf(vmId), { force: true }),
  };
}

function read(path: string): KeptVm {
  const facts = parseFacts(readFileSync(path, 'utf8'), KEPT_VM);
  if (facts.kind === 'valid') return facts.value;
  throw new VolaryError('data_loss', 'What was kept of a simulated VM cannot be read.', {
    reason: 'driver.damaged_state',
    context: { path },
  });
}

/** What is asked of the engine about containers, with what it answers checked. */
import { basename } from 'node:path/posix';
import { parseId, type VmId } from '../../../../domain/ids.ts';
import type { Abortable } from '../../../../ports/guest-link.ts';
import { engineRefused } from '../errors.ts';
import type { EngineClient } from './engine-client.ts';

/** By these a container or an image is known for one of ours. */
export const LABELS = {
  installation: 'io.volary.installation',
  vm: 'io.volary.vm',
  image: 'io.volary.image',
  packs: 'io.volary.packs',
} as const;

/** A tool that a container was made with. */
export interface ContainerPack {
  readonly name: string;
  readonly digest: string;
}

/** Each as `name=digest`, with blanks between. */
export function packsLabel(packs: readonly ContainerPack[]): string {
  return packs.map(({ name, digest }) => `${name}=${digest}`).join(' ');
}

/** What is none of ours names no file. */
function packsOf(label: unknown): readonly ContainerPack[] {
  const words = typeof label === 'string' ? label.split(' ') : [];
  return words.flatMap((word) => {
    const { name, digest } = /^(?<name>[^=/]+)=(?<digest>[0-9a-f]{64})$/.exec(word)?.groups ?? {};
    return name === undefined || digest === undefined ? [] : [{ name, digest }];
  });
}

export interface Container {
  readonly id: string;
  readonly imageDigest: string | null;
  readonly packs: readonly ContainerPack[];
  readonly state: 'created' | 'running' | 'paused' | 'exited' | 'other';
  /** When it was last started, in the engine's words; tells one life from another. */
  readonly startedAt: string;
  readonly exitCode: number;
  readonly wasOutOfMemory: boolean;
  readonly pid: number | null;
  readonly memoryMib: number;
  readonly vcpuCount: number;
}

/** Of one processor, in the engine's words. */
const CPU_PERIOD_US = 100_000;
const MIB = 1024 ** 2;
const NOT_FOUND = [404] as const;

export function containerName(vmId: VmId): string {
  return `volary-${vmId.replace('_', '-')}`;
}

/** The VM's container, if there is one and it is of this installation. */
export async function findContainer(
  client: EngineClient,
  { vmId, installationId }: { readonly vmId: VmId; readonly installationId: string },
  options: Abortable,
): Promise<Container | null> {
  const path = `/containers/${containerName(vmId)}/json`;
  const { status, body } = await client.call({ method: 'GET', path, expected: NOT_FOUND }, options);
  if (status === 404) return null;
  // Before anything is concluded from what it does not say.
  const id = textOf(fieldsOf(body)['Id']);
  const config = fieldsOf(fieldsOf(body)['Config']);
  const labels = fieldsOf(config['Labels']);
  if (labels[LABELS.installation] !== installationId) return null;
  const [state, host] = [fieldsOf(fieldsOf(body)['State']), fieldsOf(fieldsOf(body)['HostConfig'])];
  const pid = numberOf(state['Pid']);
  return {
    id,
    imageDigest: labelOf(labels[LABELS.image]),
    packs: packsOf(labels[LABELS.packs]),
    state: stateOf(state['Status']),
    startedAt: textOf(state['StartedAt']),
    exitCode: numberOf(state['ExitCode']),
    wasOutOfMemory: state['OOMKilled'] === true,
    pid: pid === 0 ? null : pid,
    memoryMib: numberOf(host['Memory']) / MIB,
    vcpuCount: numberOf(host['CpuQuota']) / CPU_PERIOD_US,
  };
}

/** A container of this installation, as a list shows it. */
export interface ListedContainer {
  readonly vmId: VmId;
  readonly isRunning: boolean;
  readonly imageDigest: string | null;
  readonly packs: readonly ContainerPack[];
  /** Of what it has written; 0 where that was not asked for. */
  readonly sizeBytes: number;
}

export async function listContainers(
  client: EngineClient,
  { installationId, withSize = false }: { readonly installationId: string; readonly withSize?: boolean },
  options: Abortable,
): Promise<readonly ListedContainer[]> {
  const filters = JSON.stringify({ label: [`${LABELS.installation}=${installationId}`] });
  const path = `/containers/json?all=1${withSize ? '&size=1' : ''}&filters=${encodeURIComponent(filters)}`;
  const { body } = await client.call({ method: 'GET', path }, options);
  if (!Array.isArray(body)) throw engineRefused(200, 'its answer is no list');
  return listOf(body).flatMap((one) => {
    const fields = fieldsOf(one);
    const labels = fieldsOf(fields['Labels']);
    const vmId = parseId('vm', String(labels[LABELS.vm]));
    if (vmId === null) return [];
    const imageDigest = labelOf(labels[LABELS.image]);
    const isRunning = fields['State'] === 'running' || fields['State'] === 'paused';
    const size = fields['SizeRw'];
    const packs = packsOf(labels[LABELS.packs]);
    return [{ vmId, isRunning, imageDigest, packs, sizeBytes: typeof size === 'number' ? size : 0 }];
  });
}

/** Statuses that say that it is so already. */
const ALREADY = [304, 404, 409] as const;
/** What takes its time where the disk is slow, or much has to go, milliseconds. */
export const PATIENCE_MS = 300_000;

export async function startContainer(client: EngineClient, id: string, options: Abortable): Promise<void> {
  await client.call(
    { method: 'POST', path: `/containers/${id}/start`, expected: [304], patienceMs: PATIENCE_MS },
    options,
  );
}

/** Ends it now, and resolves when it has ended. */
export async function killContainer(client: EngineClient, id: string, options: Abortable): Promise<void> {
  await client.call({ method: 'POST', path: `/containers/${id}/kill`, expected: ALREADY }, options);
  // What is halted hears of it only when it is set going.
  await client.call({ method: 'POST', path: `/containers/${id}/unpause`, expected: [...ALREADY, 500] }, options);
  const ended = { method: 'POST', path: `/containers/${id}/wait`, expected: [404], patienceMs: PATIENCE_MS } as const;
  await client.call(ended, options);
}

export async function signalContainer(
  client: EngineClient,
  id: string,
  { name, signal }: Abortable & { readonly name: string },
): Promise<void> {
  await client.call({ method: 'POST', path: `/containers/${id}/kill?signal=${name}`, expected: ALREADY }, { signal });
}

/** Halts it, or sets it going; one that is so already is fine. */
export async function setPaused(
  client: EngineClient,
  id: string,
  { isPaused, signal }: Abortable & { readonly isPaused: boolean },
): Promise<void> {
  const path = `/containers/${id}/${isPaused ? 'pause' : 'unpause'}`;
  const { status, body } = await client.call({ method: 'POST', path, expected: [409, 500] }, { signal });
  const words = status < 300 ? '' : String(fieldsOf(body)['message']);
  if (words !== '' && !/is (already|not) paused/.test(words)) throw engineRefused(status, words);
}

export async function removeContainer(client: EngineClient, id: string, options: Abortable): Promise<void> {
  const removed = {
    method: 'DELETE',
    path: `/containers/${id}?v=1`,
    expected: [404, 409],
    patienceMs: PATIENCE_MS,
  } as const;
  const { status, body } = await client.call(removed, options);
  if (status !== 409) return;
  // Somebody has asked for it who is not there any more.
  const words = String(fieldsOf(body)['message']);
  if (!/already in progress/.test(words)) throw engineRefused(status, words);
  const path = `/containers/${id}/wait?condition=removed`;
  await client.call({ method: 'POST', path, expected: NOT_FOUND, patienceMs: PATIENCE_MS }, options);
}

/** What it may have of the host from now on. */
export async function limitContainer(
  client: EngineClient,
  id: string,
  { vcpuCount, memoryMib, signal }: Abortable & { readonly vcpuCount: number; readonly memoryMib: number },
): Promise<void> {
  const json = limitsOf({ vcpuCount, memoryMib });
  await client.call({ method: 'POST', path: `/containers/${id}/update`, json }, { signal });
}

/** No swap besides: what a guest is promised is memory. */
export function limitsOf({ vcpuCount, memoryMib }: { readonly vcpuCount: number; readonly memoryMib: number }) {
  const bytes = memoryMib * MIB;
  return { Memory: bytes, MemorySwap: bytes, CpuPeriod: CPU_PERIOD_US, CpuQuota: vcpuCount * CPU_PERIOD_US };
}

export interface ContainerUse {
  readonly cpuMs: number;
  /** The same by who used it. Null: the engine tells the sum alone. */
  readonly cpuModesMs: { readonly user: number; readonly system: number } | null;
  /** With what files are cached in. Null: the engine does not tell, as where there are no control groups of memory. */
  readonly memoryBytes: number | null;
  readonly cachedBytes: number | null;
  /** Null: the engine counts none, as where control groups of the second kind are without their `io`, or nothing has been read or written yet. */
  readonly diskTransferBytes: { readonly read: number; readonly written: number } | null;
  /** Null: the engine counts bytes alone, as it does with control groups of the second kind, or none at all. */
  readonly diskOperations: { readonly reads: number; readonly writes: number } | null;
  /** Of all its devices. Null: it has none that the engine knows. */
  readonly networkBytes: { readonly received: number; readonly sent: number } | null;
  readonly networkPackets: { readonly received: number; readonly sent: number } | null;
}

/** What a container that runs has used, in the engine's words. Null where it does not tell. */
export async function readUse(client: EngineClient, id: string, options: Abortable): Promise<ContainerUse | null> {
  const path = `/containers/${id}/stats?stream=0&one-shot=1`;
  const { status, body } = await client.call({ method: 'GET', path, expected: [404, 409] }, options);
  return status >= 300 ? null : useIn(body);
}

const NS_PER_MS = 1e6;

/** What an answer says. Null where it does not tell of processors, or none were used yet, as of a container that does not run. */
export function useIn(body: unknown): ContainerUse | null {
  const cpu = fieldsOf(fieldsOf(fieldsOf(body)['cpu_stats'])['cpu_usage']);
  const usedNs = numberOf(cpu['total_usage']);
  if (usedNs === 0) return null;
  const memory = fieldsOf(fieldsOf(body)['memory_stats']);
  const kept = fieldsOf(memory['stats']);
  const disks = fieldsOf(fieldsOf(body)['blkio_stats']);
  const bytes = sumsOf(disks['io_service_bytes_recursive']);
  const operations = sumsOf(disks['io_serviced_recursive']);
  return {
    cpuMs: usedNs / NS_PER_MS,
    cpuModesMs: modesOf(cpu),
    memoryBytes: figureOf(memory['usage']),
    // By control groups of the second and of the first kind.
    cachedBytes: figureOf(kept['inactive_file'] ?? kept['total_inactive_file']),
    diskTransferBytes: bytes && { read: bytes.read, written: bytes.write },
    diskOperations: operations && { reads: operations.read, writes: operations.write },
    ...networkIn(fieldsOf(body)['networks']),
  };
}

function networkIn(networks: unknown): Pick<ContainerUse, 'networkBytes' | 'networkPackets'> {
  const devices = Object.values(fieldsOf(networks)).map(fieldsOf);
  if (devices.length === 0) return { networkBytes: null, networkPackets: null };
  const total = (name: string): number => devices.reduce((sum, device) => sum + numberOf(device[name]), 0);
  return {
    networkBytes: { received: total('rx_bytes'), sent: total('tx_bytes') },
    networkPackets: { received: total('rx_packets'), sent: total('tx_packets') },
  };
}

function modesOf({ usage_in_usermode: user, usage_in_kernelmode: system }: Readonly<Record<string, unknown>>) {
  if (typeof user !== 'number' || typeof system !== 'number') return null;
  return { user: user / NS_PER_MS, system: system / NS_PER_MS };
}

/** Of one figure of all disks: an entry for each disk and what was done, whose name is `Read` or `read` by the kind of control groups. Null: it is not told. */
function sumsOf(entries: unknown): { readonly read: number; readonly write: number } | null {
  if (listOf(entries).length === 0) return null;
  const sums = { read: 0, write: 0 };
  for (const { op, value } of listOf(entries).map(fieldsOf)) {
    const what = typeof op === 'string' ? op.toLowerCase() : '';
    if (what === 'read' || what === 'write') sums[what] += numberOf(value);
  }
  return sums;
}

/** Makes a program ready to be run in it, and answers with its id; null while it is halted, or has ended. */
export async function createExec(
  client: EngineClient,
  id: string,
  { argv, signal }: Abortable & { readonly argv: readonly string[] },
): Promise<string | null> {
  const json = { AttachStdin: true, AttachStdout: true, AttachStderr: false, Tty: false, User: '0', Cmd: argv };
  const asked = { method: 'POST', path: `/containers/${id}/exec`, json, expected: [404, 409] } as const;
  const { status, body } = await client.call(asked, { signal });
  return status >= 300 ? null : basename(textOf(fieldsOf(body)['Id']));
}

export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function stateOf(status: unknown): Container['state'] {
  return status === 'created' || status === 'running' || status === 'paused' || status === 'exited' ? status : 'other';
}

function labelOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw engineRefused(200, 'a text is missing from its answer');
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

function figureOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

import type { Operation } from '../../domain/operation/operation.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Driver } from '../../ports/driver.ts';
import type { Abortable } from '../../ports/guest-link.ts';
import type { CreateSnapshotRequest, Forked, ForkRequest, RestoredVmRequest } from '../apis/snapshot-api.ts';
import { ADMIN, type TestServer } from '../installation.test-kit.ts';
import type { Accepted } from '../requests.ts';
import { finish, soon } from '../vm-life.test-kit.ts';

export function snapshotRequest(name: string | null = null): CreateSnapshotRequest {
  return { name, description: '', labels: {} };
}

export function restoredRequest(name: string, spec: RestoredVmRequest['spec'] = {}): RestoredVmRequest {
  return { name, spec, labels: {}, metadata: {} };
}

export function forkRequest(count: number, change: Partial<ForkRequest> = {}): ForkRequest {
  return { count, names: null, namePrefix: null, labels: {}, ...change };
}

/** Saves the VM and waits for it. */
export async function save(server: TestServer, vm: string, name: string): Promise<Operation> {
  const { operation } = await server.engine.snapshots.create(ADMIN, vm, snapshotRequest(name));
  return await finish(server, operation);
}

/** VMs that were accepted, in their order. */
export function acceptedOf({ items }: Forked): readonly Accepted[] {
  return items.flatMap((item) =>
    item.kind === 'accepted' && item.vm !== null ? [{ vm: item.vm, operation: item.operation }] : [],
  );
}

/** Writes a text into a guest. */
export async function tell(server: TestServer, vm: string, text: string): Promise<void> {
  async function* content(): AsyncIterable<Uint8Array> {
    yield new TextEncoder().encode(text);
  }
  await server.engine.files.write(ADMIN, vm, '/root/told', content(), { signal: soon.signal, makeParents: true });
}

/** What was written into a guest. */
export async function told(server: TestServer, vm: string, path = '/root/told'): Promise<string> {
  const { content } = await server.engine.files.read(ADMIN, vm, path, soon);
  let text = '';
  for await (const bytes of content) text += new TextDecoder().decode(bytes);
  return text.trim();
}

/** How many machines that had not to boot were measured up to their agent's first answer, by what they went on from. */
export async function restoresMeasured({ engine }: TestServer): Promise<Readonly<Record<string, number>>> {
  const text = await engine.monitoring.scrape(ADMIN);
  const counts = text.matchAll(/^volary_restore_duration_seconds_count\{from="([^"]+)"\} (\d+)$/gm);
  return Object.fromEntries([...counts].map(([, from = '', count]) => [from, Number(count)]));
}

export async function get({ engine }: TestServer, vm: string): Promise<Vm> {
  return await engine.vms.get(ADMIN, vm);
}

type Deed =
  | 'saveMachine'
  | 'suspendMachine'
  | 'wakeMachine'
  | 'deleteSaved'
  | 'prepareRestore'
  | 'createDisk'
  | 'startMachine'
  | 'endMachine';

/** A driver of a server that dies at the k-th of these deeds: before it, or after it and before it is written down. */
export function dyingAt(
  driver: Driver,
  { deed, when, k = 1 }: { readonly deed: Deed; readonly when: 'before' | 'after'; readonly k?: number },
  onDeath: () => void,
): Driver {
  let count = 0;
  async function pass<T>(name: Deed, { signal }: Abortable, work: () => Promise<T>): Promise<T> {
    if (name !== deed || ++count !== k) return await work();
    if (when === 'after') await work();
    onDeath();
    // From here on this server does nothing any more, until it is let go.
    return await new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }
  return {
    ...driver,
    saveMachine: (vmId, id, options) => pass('saveMachine', options, () => driver.saveMachine(vmId, id, options)),
    deleteSaved: (id, options) => pass('deleteSaved', options, () => driver.deleteSaved(id, options)),
    prepareRestore: (machine, options) =>
      pass('prepareRestore', options, () => driver.prepareRestore(machine, options)),
    createDisk: (machine, options) => pass('createDisk', options, () => driver.createDisk(machine, options)),
    startMachine: (machine, options) => pass('startMachine', options, () => driver.startMachine(machine, options)),
    suspendMachine: (vmId, options) => pass('suspendMachine', options, () => driver.suspendMachine(vmId, options)),
    wakeMachine: (machine, options) => pass('wakeMachine', options, () => driver.wakeMachine(machine, options)),
    endMachine: (vmId, options) => pass('endMachine', options, () => driver.endMachine(vmId, options)),
  };
}

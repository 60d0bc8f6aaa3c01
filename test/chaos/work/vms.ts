/** What clients do with VMs: create, save, fork, delete, suspend, grow, start and stop them, and run commands in them. */
import { type KnownCommand, type KnownVm, possible } from '../book.ts';
import { answered, follow, noted, type WorkDeps } from './asking.ts';
import { changePlace, pickPlace } from './networks.ts';
import { keptRootOf, pickVolumes } from './volumes.ts';

/** Where commands leave their line in the guest. */
export const LOG_PATH = '/root/chaos.log';
/** Lines that a command prints, at most: enough for several chunks of output. */
const MOST_LINES = 3_000;
/** Snapshots that are kept at a time. */
const MOST_SNAPSHOTS = 2;

/** What makes a simulated VM take as long as a real one; to real ones these labels mean nothing. */
const SLOWNESS = [
  {},
  { 'simulate.start_delay_ms': '150' },
  { 'simulate.agent': 'late:200' },
  { 'simulate.shutdown': 'ignored' },
  // An alert fires for it.
  { 'simulate.cpu_percent': '100' },
];

/** Asks for something of a VM, or for another one. */
export async function workOnVms(deps: WorkDeps): Promise<void> {
  const { book, random, bounds } = deps;
  const vms = possible(book.vms);
  const vm = random.pick(vms.filter(({ deletion }) => deletion === null));
  if (vm === undefined || (vms.length < bounds.mostVms && random.isTrue(0.2))) return await createVm(deps);
  const dice = random.next();
  if (dice < 0.56 && vm.isFork !== true) return await runCommand(deps, vm);
  if (dice < 0.6) return await deleteVm(deps, vm);
  if (dice < 0.64) return await saveVm(deps, vm);
  if (dice < 0.69 && vms.length < bounds.mostVms) return await forkVm(deps, vm);
  if (dice < 0.78) return await suspendVm(deps, vm);
  if (dice < 0.82) return await growVm(deps, vm);
  if (dice < 0.87) return await changePlace(deps, vm);
  await changePower(deps, vm);
}

async function createVm(deps: WorkDeps): Promise<void> {
  const { client, book, random, bounds, signal } = deps;
  const { network } = pickPlace(deps);
  const vm: KnownVm = {
    ...{ name: `c${book.nextNumber()}`, id: null, creation: 'asked', deletion: null },
    ...(network?.egress === undefined ? {} : { place: { isBusy: false, egress: [network.egress] } }),
  };
  book.vms.push(vm);
  const labels = random.pick(SLOWNESS) ?? {};
  const restartPolicy = random.isTrue(0.3) ? 'always' : 'never';
  const tools = random.isTrue(0.5) ? [...bounds.tools] : [];
  const asked = { name: vm.name, memory_mib: 128, restart_policy: restartPolicy, labels, tools } as const;
  const request = { ...asked, ...(network && { network }), ...pickVolumes(deps) };
  const accepted = await answered(book, `create ${vm.name}`, vm, 'creation', () =>
    client.vms.create(request, { signal }),
  );
  vm.id = accepted.vm?.id ?? null;
  await follow({ client, book, random, signal }, accepted.id);
}

/** Saves the VM, and deletes the oldest of what was saved. */
async function saveVm({ client, book, random, signal }: WorkDeps, { name }: KnownVm): Promise<void> {
  const asked = { name: `s${book.nextNumber()}` };
  const accepted = await noted(book, `save ${name}`, () => client.snapshots.create(name, asked, { signal }));
  await follow({ client, book, random, signal }, accepted.id);
  const { items } = await client.snapshots.list({}, { signal });
  const [oldest] = items.length > MOST_SNAPSHOTS ? items : [];
  if (oldest === undefined) return;
  const removal = await noted(book, `forget ${oldest.name}`, () => client.snapshots.delete(oldest.id, { signal }));
  await follow({ client, book, random, signal }, removal.id);
}

async function forkVm({ client, book, random, signal }: WorkDeps, source: KnownVm): Promise<void> {
  const vm: KnownVm = { name: `c${book.nextNumber()}`, id: null, creation: 'asked', deletion: null, isFork: true };
  book.vms.push(vm);
  const { operation, items } = await answered(book, `fork ${source.name} as ${vm.name}`, vm, 'creation', () =>
    client.vms.fork(source.name, { names: [vm.name] }, { signal }),
  );
  const [item] = items;
  vm.id = item?.vm?.id ?? null;
  book.operations.add(operation.id);
  if (item?.operation != null) await follow({ client, book, random, signal }, item.operation.id);
}

/** Of some the root is kept, as a volume. */
async function deleteVm({ client, book, random, bounds, signal }: WorkDeps, vm: KnownVm): Promise<void> {
  const isKept = random.isTrue(0.3) && possible(book.volumes).length < bounds.mostVolumes;
  const root = keptRootOf(vm);
  if (isKept) book.volumes.push(root);
  vm.deletion = 'asked';
  const ask = () => client.vms.delete(vm.name, { preserveVolumes: isKept, signal });
  const accepted = await answered(
    book,
    `delete ${vm.name}${isKept ? ', and keep its root' : ''}`,
    vm,
    'deletion',
    () => (isKept ? answered(book, `keep ${root.name}`, root, 'creation', ask) : ask()),
  );
  await follow({ client, book, random, signal }, accepted.id);
}

/** Half of those that are suspended stay so until somebody wants something of them: whatever runs in them wakes them. */
async function suspendVm({ client, book, random, signal }: WorkDeps, { name }: KnownVm): Promise<void> {
  const accepted = await noted(book, `suspend ${name}`, () => client.vms.suspend(name, { signal }));
  await follow({ client, book, random, signal }, accepted.id);
  if (random.isTrue(0.5)) return;
  const resumed = await noted(book, `resume ${name}`, () => client.vms.resume(name, { signal }));
  await follow({ client, book, random, signal }, resumed.id);
}

/** More of what it can be given while it runs, up to a size that many of them can have. */
async function growVm({ client, book, random, signal }: WorkDeps, { name }: KnownVm): Promise<void> {
  const { vcpus, memory_mib, disk_gib } = await client.vms.get(name, { signal });
  const change = random.pick([
    { vcpus: Math.min(4, vcpus + 1) },
    { memory_mib: Math.min(512, memory_mib + 128) },
    { disk_gib: Math.min(12, disk_gib + 1) },
  ]);
  const changed = await noted(book, `grow ${name}`, () => client.vms.update(name, change ?? {}, { signal }));
  if (changed.operation_id !== null) await follow({ client, book, random, signal }, changed.operation_id);
}

async function changePower({ client, book, random, signal }: WorkDeps, { name, isFork }: KnownVm): Promise<void> {
  const grace = { grace_ms: random.isTrue(0.5) ? 0 : 300 };
  const changes = {
    stop: () => client.vms.stop(name, grace, { signal }),
    start: () => client.vms.start(name, { signal }),
    'start again': () => client.vms.start(name, { signal }),
    restart: () => client.vms.restart(name, grace, { signal }),
    pause: () => client.vms.pause(name, { signal }),
    resume: () => client.vms.resume(name, { signal }),
    'resume again': () => client.vms.resume(name, { signal }),
  } as const;
  // A fork whose source ended before it was saved has nothing to start from.
  const possible = Object.entries(changes).filter(([verb]) => isFork !== true || !/start/.test(verb));
  const [verb, change] = random.pick(possible) ?? ['stop', changes.stop];
  const accepted = await noted(book, `${verb} ${name}`, change);
  await follow({ client, book, random, signal }, accepted.id);
  // Else few are ever resumed: in between they are stopped, suspended or deleted.
  if (verb !== 'pause' || random.isTrue(0.5)) return;
  const resumed = await noted(book, `resume ${name}`, changes.resume);
  await follow({ client, book, random, signal }, resumed.id);
}

async function runCommand({ client, book, random, signal }: WorkDeps, vm: KnownVm): Promise<void> {
  const token = `t${book.nextNumber()}`;
  const lineCount = 1 + random.below(random.isTrue(0.3) ? MOST_LINES : 3);
  const command: KnownCommand = {
    token,
    vm,
    lineCount,
    answer: 'asked',
    executionId: null,
    isSettled: false,
    hasEndedWell: false,
  };
  book.commands.set(token, command);
  // Some are still at it when the server dies.
  const pause = random.isTrue(0.3) ? `sleep 0.${1 + random.below(4)} && ` : '';
  const request = { command: `echo ${token} >> ${LOG_PATH} && sync && ${pause}yes ${token} | head -n ${lineCount}` };
  if (random.isTrue(0.3)) {
    const execution = await answered(book, `detach ${token} in ${vm.name}`, command, 'answer', () =>
      client.executions.detach(vm.name, request, { signal }),
    );
    command.executionId = execution.id;
    return;
  }
  const session = await answered(book, `exec ${token} in ${vm.name}`, command, 'answer', () =>
    client.executions.start(vm.name, request, { signal }),
  );
  command.executionId = session.execution.id;
  for await (const _ of session.output) if (signal.aborted) return;
}

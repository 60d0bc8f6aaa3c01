import { VolaryError } from '../../../domain/errors.ts';
import type { SnapshotId, VmId } from '../../../domain/ids.ts';
import { NETWORK_MODES } from '../../../domain/network/vm-network.ts';
import type { DriverHandle } from '../../../domain/vm/vm.ts';
import type {
  ConsoleChunk,
  Driver,
  DriverCapabilities,
  MachineFigures,
  MachineSpec,
  SavedRef,
  SavedSummary,
} from '../../../ports/driver.ts';
import { abortable } from '../../shared/abortable.ts';
import { createHintQueue } from '../../shared/hint-queue.ts';
import { createKeyedLock } from '../../shared/keyed-lock.ts';
import type { FaultPlan } from './faults.ts';
import { deviceFiguresOf } from './guest/device-figures.ts';
import { SimulatedLink } from './guest/simulated-link.ts';
import { type SavedVm, summarise } from './saved-vm.ts';
import { createSimulatedPacks, placePacks } from './simulated-packs.ts';
import { createSimulatedStorage } from './simulated-storage.ts';
import type { SimulatedVm } from './simulated-vm.ts';
import { createSimulatedVolumes, requireVolumes } from './simulated-volumes.ts';
import { createSimulatedWarm, openTemplate } from './simulated-warm.ts';
import type { SimulatedWorld } from './simulated-world.ts';

const CAPABILITIES: DriverCapabilities = {
  supportsPause: true,
  supportsConsole: true,
  supportsSnapshots: true,
  supportsLiveResize: true,
  supportsExtraDisks: true,
  supportsFirmware: true,
  supportsFixedPacks: false,
  networkModes: NETWORK_MODES,
  memoryOverheadMib: 0,
};
const WATCH_CAPACITY = 65_536;
/** What the monitor of each machine is said to hold of its host's memory. */
const HELD_BYTES = 96 * 1024 ** 2;
const ABSENT = { disk: { kind: 'absent' }, machine: { kind: 'absent' } } as const;

/**
 * A driver whose machines exist in this process only, for tests of everything above drivers: a VM's labels are its fault plan
 * (README.md has the table), and the world's clock is stepped by hand. Drivers of one world see the same VMs, so that
 * making another one is a restart of the server.
 */
export function createSimulatedDriver({ world }: { readonly world: SimulatedWorld }): Driver {
  const lock = createKeyedLock();
  const disposed = new AbortController();
  const links = new Set<SimulatedLink>();

  return {
    kind: 'simulated',
    capabilities: CAPABILITIES,
    warm: createSimulatedWarm(world, lock),
    packs: createSimulatedPacks(world, { lock, requireMachine: (vmId) => requireMachine(world, vmId) }),
    volumes: createSimulatedVolumes(world.volumes, { hasDisk: (vmId) => world.vms.has(vmId) }),
    storage: createSimulatedStorage(world),

    async probe() {
      const explanation = 'Machines are simulated; no instruction of a guest is executed.';
      return { version: '1', accelerator: { kind: 'none', explanation, probedAt: world.startedAt } };
    },

    createDisk: (machine, { signal }) =>
      lock.run(machine.vmId, async () => {
        signal.throwIfAborted();
        world.faults.learn(machine.vmId, machine.labels);
        world.faults.fail(machine.vmId, 'create');
        requireVolumes(world.volumes, machine.spec.disks);
        const { from } = machine;
        const saved = from === undefined ? null : openSaved(world, from);
        const imageDigest = saved?.imageDigest ?? machine.image?.digest ?? '';
        const { disk } = world.make(machine.vmId, imageDigest, { isSpare: from?.kind === 'warm' }).observe();
        return { imageDigest: disk.imageDigest };
      }),

    deleteDisk: (vmId) =>
      lock.run(vmId, async () => {
        world.faults.fail(vmId, 'delete');
        const vm = world.vms.get(vmId);
        if (vm !== undefined && vm.observe().machine.kind !== 'absent') throw machinePresent();
        world.remove(vmId);
      }),

    prepareRestore: (machine, { signal }) =>
      lock.run(machine.vmId, async () => {
        signal.throwIfAborted();
        world.faults.fail(machine.vmId, 'restore');
        openFitting(world, machine);
      }),

    startMachine: (machine, { signal }) => lock.run(machine.vmId, () => startMachine(world, machine, signal)),

    endMachine: (vmId) =>
      lock.run(vmId, async () => {
        world.faults.fail(vmId, 'end');
        world.vms.get(vmId)?.clear();
      }),

    saveMachine: (vmId, id, { signal }) => lock.run(vmId, () => saveMachine(world, vmId, id, signal)),
    async deleteSaved(id) {
      world.saved.remove(id);
    },

    suspendMachine: (vmId, { signal }) =>
      lock.run(vmId, async () => {
        signal.throwIfAborted();
        if (world.vms.get(vmId)?.observe().machine.kind === 'suspended') return;
        const vm = requireMachine(world, vmId);
        world.faults.fail(vmId, 'suspend');
        vm.suspend();
      }),
    wakeMachine: ({ vmId, incarnation, labels }, { signal }) =>
      lock.run(vmId, async () => {
        signal.throwIfAborted();
        const vm = world.vms.get(vmId);
        const machine = vm?.observe().machine;
        if (machine === undefined || !('incarnation' in machine) || machine.incarnation !== incarnation)
          throw noMachine();
        world.faults.learn(vmId, labels);
        world.faults.fail(vmId, 'wake');
        const handle = vm?.wake() ?? null;
        if (handle === null) throw noMachine();
        return handle;
      }),

    resizeMachine: (vmId, size, { signal }) =>
      lock.run(vmId, async () => {
        signal.throwIfAborted();
        const vm = requireMachine(world, vmId);
        world.faults.fail(vmId, 'resize');
        const shape = vm.resize(size);
        if (shape === null) throw cannotResize();
        return shape;
      }),

    async pauseMachine(vmId) {
      const vm = requireMachine(world, vmId);
      world.faults.fail(vmId, 'pause');
      vm.halt();
    },

    async resumeMachine(vmId) {
      const vm = requireMachine(world, vmId);
      world.faults.fail(vmId, 'resume');
      vm.go();
    },

    async pressPowerButton(vmId) {
      const vm = requireMachine(world, vmId);
      vm.machine?.guest.powerOff('power-off');
    },

    async inspect(vmId) {
      const vm = world.vms.get(vmId);
      vm?.keepOwed();
      return vm?.observe() ?? ABSENT;
    },

    async measureMachine(vmId) {
      const use = survey(world, vmId);
      return use && { cpuMs: use.cpuMs };
    },
    surveyMachine: async (vmId) => survey(world, vmId),

    async findAll() {
      return [...world.vms].map(([vmId, vm]) => ({ vmId, observation: vm.observe(), isSpare: vm.isSpare }));
    },

    watch: ({ signal }) => watch(world, AbortSignal.any([signal, disposed.signal])),

    async openLink(vmId, { signal }) {
      const vm = requireMachine(world, vmId);
      // Its VM is to come.
      if (vm.isSpare) throw noMachine();
      world.faults.fail(vmId, 'link');
      const link = await openLink(world, vm, world.faults.plan(vmId), signal);
      links.add(link);
      return link;
    },

    readConsole: (vmId, options) => readConsole(world, vmId, options),

    async [Symbol.asyncDispose]() {
      disposed.abort();
      for (const link of links) link.close('the server has ended');
    },
  };
}

/** Its guest's devices do what the guest tells of them. */
function survey(world: SimulatedWorld, vmId: VmId): MachineFigures | null {
  const machine = world.vms.get(vmId)?.machine ?? null;
  if (machine === null) return null;
  const uptimeMs = world.clock.monotonicMs() - machine.startedAtMs;
  const cpuMs = (uptimeMs * world.faults.plan(vmId).cpuPercent) / 100;
  return { uptimeMs, cpuMs, heldBytes: HELD_BYTES, ...deviceFiguresOf(cpuMs, machine.guest) };
}

async function* watch(world: SimulatedWorld, signal: AbortSignal): AsyncIterable<VmId> {
  const queue = createHintQueue<VmId>({ capacity: WATCH_CAPACITY, signal });
  const stop = world.onChange((vmId) => queue.push(vmId));
  try {
    yield* queue;
  } finally {
    stop();
  }
}

async function startMachine(world: SimulatedWorld, machine: MachineSpec, signal: AbortSignal): Promise<DriverHandle> {
  const vm = world.vms.get(machine.vmId);
  if (vm === undefined) throw noDisk();
  const plan = world.faults.learn(machine.vmId, machine.labels);
  const { machine: present } = vm.observe();
  const isThere = 'handle' in present && present.incarnation === machine.incarnation;
  if (isThere && !vm.isSpare) return present.handle;
  if (!isThere && present.kind !== 'absent') throw machinePresent();
  signal.throwIfAborted();
  if (plan.startDelayMs > 0) await world.clock.sleep(plan.startDelayMs, { signal });
  world.faults.fail(machine.vmId, 'start');
  const packs = isThere || machine.from?.kind === 'warm' ? placePacks(vm, machine.packs ?? []) : [];
  const handle = vm.give(machine, plan) ?? begin(world, vm, machine, plan);
  if (packs.length === 0) return handle;
  vm.attach(packs);
  vm.machine?.guest.setTools(packs);
  return handle;
}

function begin(world: SimulatedWorld, vm: SimulatedVm, machine: MachineSpec, plan: FaultPlan): DriverHandle {
  const { from, spec } = machine;
  return vm.start(machine, plan, from === undefined ? null : openFitting(world, { from, spec }));
}

async function saveMachine(
  world: SimulatedWorld,
  vmId: VmId,
  id: SnapshotId,
  signal: AbortSignal,
): Promise<SavedSummary> {
  const present = world.saved.find(id);
  if (present !== null) return summarise(present);
  requireMachine(world, vmId);
  const { saveDelayMs, savesDamaged } = world.faults.plan(vmId);
  if (saveDelayMs > 0) await world.clock.sleep(saveDelayMs, { signal });
  signal.throwIfAborted();
  const vm = requireMachine(world, vmId);
  world.faults.fail(vmId, 'save');
  const saved = vm.save();
  if (saved === null) throw saveFailed();
  return summarise(world.saved.keep(id, { ...saved, isDamaged: savesDamaged }));
}

function openSaved(world: SimulatedWorld, from: SavedRef): SavedVm {
  return from.kind === 'snapshot' ? world.saved.open(from.id) : openTemplate(world, from.key);
}

/** The saved machine, if this one is as that was. */
function openFitting(
  world: SimulatedWorld,
  { from, spec }: { readonly from: SavedRef; readonly spec: MachineSpec['spec'] },
): SavedVm {
  const saved = openSaved(world, from);
  const { vcpuCount, memoryMib, network } = spec;
  const fits = saved.vcpuCount === vcpuCount && saved.memoryMib === memoryMib && saved.networkMode === network.mode;
  if (!fits) throw doesNotFit();
  return saved;
}

async function openLink(
  world: SimulatedWorld,
  vm: SimulatedVm,
  plan: FaultPlan,
  signal: AbortSignal,
): Promise<SimulatedLink> {
  const { machine } = vm;
  if (machine === null) throw noMachine();
  const ended = AbortSignal.any([signal, machine.life, vm.beginLink()]);
  try {
    await untilAgentAnswers(world, machine.startedAtMs, plan, ended);
    await abortable(machine.guest.untilGoing(), ended);
  } catch (error) {
    throw machine.life.aborted && !signal.aborted ? noMachine() : error;
  }
  const link = new SimulatedLink(machine.guest);
  vm.replaceLink(link, 'this one was opened');
  return link;
}

async function untilAgentAnswers(
  world: SimulatedWorld,
  startedAtMs: number,
  plan: FaultPlan,
  signal: AbortSignal,
): Promise<void> {
  if (plan.agentAfterMs === null) return abortable(new Promise<never>(() => undefined), signal);
  const delayMs = startedAtMs + plan.agentAfterMs - world.clock.monotonicMs();
  if (delayMs > 0) await world.clock.sleep(delayMs, { signal });
}

async function* readConsole(
  world: SimulatedWorld,
  vmId: VmId,
  options: { readonly offset: number; readonly follow: boolean; readonly signal: AbortSignal },
): AsyncIterable<ConsoleChunk> {
  const changes = createHintQueue<VmId>({ capacity: 1, signal: options.signal });
  const stop = world.onChange((changed) => {
    if (changed === vmId) changes.push(vmId);
  });
  try {
    const wakes = changes[Symbol.asyncIterator]();
    let { offset } = options;
    while (!options.signal.aborted && world.vms.has(vmId)) {
      const chunk = world.vms.get(vmId)?.console.read(offset) ?? null;
      if (chunk !== null) {
        offset = chunk.offset + chunk.bytes.length;
        yield chunk;
      } else if (!options.follow || (await wakes.next()).done === true) return;
    }
  } finally {
    stop();
    changes.end();
  }
}

function requireMachine(world: SimulatedWorld, vmId: VmId): SimulatedVm {
  const vm = world.vms.get(vmId);
  if (vm === undefined || vm.machine === null) throw noMachine();
  return vm;
}

function noMachine(): VolaryError {
  return new VolaryError('failed_precondition', 'The VM has no machine.', { reason: 'driver.no_machine' });
}

function noDisk(): VolaryError {
  return new VolaryError('failed_precondition', 'The VM has no disk to start from.', { reason: 'driver.no_disk' });
}

function machinePresent(): VolaryError {
  return new VolaryError('failed_precondition', 'A machine of this VM, or what is left of one, is in the way.', {
    reason: 'driver.machine_present',
  });
}

function saveFailed(): VolaryError {
  return new VolaryError('unavailable', 'The machine was started by a server that could not save any.', {
    reason: 'driver.save_failed',
  });
}

function doesNotFit(): VolaryError {
  return new VolaryError(
    'failed_precondition',
    'The snapshot does not fit this VM: its processors or memory were others.',
    {
      reason: 'snapshot.does_not_fit',
    },
  );
}

function cannotResize(): VolaryError {
  return new VolaryError('failed_precondition', 'This machine cannot be made as large while it runs.', {
    reason: 'driver.cannot_resize',
  });
}

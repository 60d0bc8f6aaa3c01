import { randomInt } from 'node:crypto';
import { parseId, uuidOf, type VmId } from '../../../domain/ids.ts';
import { growTowards, type MachineShape, type MachineSize } from '../../../domain/vm/machine-shape.ts';
import type { DriverHandle } from '../../../domain/vm/vm.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { MachineEnd, MachineSpec, MachineState, VmObservation } from '../../../ports/driver.ts';
import type { AttachedPack } from '../../../ports/machine-packs.ts';
import { NO_FAULTS } from './fault-ledger.ts';
import type { FaultPlan } from './faults.ts';
import { FileTree } from './guest/file-tree.ts';
import { linkLost } from './guest/guest-errors.ts';
import { SimulatedGuest } from './guest/simulated-guest.ts';
import type { SimulatedLink } from './guest/simulated-link.ts';
import type { KeptMachine, KeptVm } from './kept-vm.ts';
import { shapeOf, sizeOf } from './machine-size.ts';
import type { SavedVm } from './saved-vm.ts';
import { SimulatedConsole } from './simulated-console.ts';
import { unlessFull } from './write-kept.ts';

const LINK_REPLACED = 'another one was opened';
const SUSPENDED = 'its machine was suspended';

interface Machine {
  readonly incarnation: number;
  readonly name: string;
  /** By the monotonic clock of this process; before its beginning for a machine that was found running. */
  readonly startedAtMs: number;
  /** By the wall clock. */
  readonly startedAt: number;
  readonly guest: SimulatedGuest;
  readonly life: AbortController;
  readonly number: number;
  size: KeptMachine['size'];
  packs: readonly AttachedPack[];
  state: 'running' | 'paused' | 'suspended' | 'unresponsive' | { readonly end: MachineEnd };
}

export interface SimulatedVmDeps {
  readonly vmId: VmId;
  /** Of the image that its disk is made from. */
  readonly imageDigest: string;
  /** Nobody has been in it yet: its disk is a warm template's, or its machine waits for its VM. */
  readonly isSpare: boolean;
  readonly clock: Clock;
  /** Tells whoever watches. */
  readonly onChange: () => void;
  /** Something has changed that is kept: called before anybody is told of it. */
  readonly onKeep: () => void;
}

/** One VM of a simulated host: a disk that outlives its machines, at most one machine, and the console of all of them. */
export class SimulatedVm {
  readonly files: FileTree;
  readonly console = new SimulatedConsole();
  readonly #deps: SimulatedVmDeps;
  #machine: Machine | null = null;
  #isSpare: boolean;
  #keptPacks: readonly string[] = [];
  #faults: FaultPlan;
  #link: SimulatedLink | null = null;
  /** What it is now could not be kept. */
  #isUnkept = false;
  /** While something is done of which only the outcome is kept. */
  #isInTheMiddle = false;
  #opening: AbortController | null = null;

  /** A VM with a new disk, or the one that was kept, whose machine has run on meanwhile. */
  constructor(deps: SimulatedVmDeps, kept: KeptVm | null, faults: FaultPlan) {
    this.#deps = deps;
    this.#isSpare = deps.isSpare;
    this.#faults = faults;
    this.files = new FileTree(() => deps.clock.now());
    this.files.makeDevice('/dev/null', () => undefined);
    this.files.makeDevice('/dev/console', (bytes) => {
      this.console.append(bytes);
      unlessFull(() => this.#changed());
    });
    this.files.makeDevice('/proc/sysrq-trigger', (bytes) => {
      if (bytes[0] === 0x63)
        this.endByItself({ cause: 'panicked', detail: 'Kernel panic - not syncing: sysrq triggered crash' });
    });
    if (kept !== null) this.#restore(kept);
    this.files.onChange(() => this.#keep());
  }

  /** The machine that can run on; null if there is none, it is suspended, or it has ended. */
  get machine(): { readonly guest: SimulatedGuest; readonly startedAtMs: number; readonly life: AbortSignal } | null {
    const machine = this.#machine;
    if (machine === null || machine.state === 'suspended' || typeof machine.state === 'object') return null;
    return { guest: machine.guest, startedAtMs: machine.startedAtMs, life: machine.life.signal };
  }

  /** The packs that its machine has. */
  get packs(): readonly AttachedPack[] {
    return this.#machine?.packs ?? [];
  }

  /** Digests of those that it keeps, whether or not its machine has them. */
  get keptPacks(): readonly string[] {
    return this.#keptPacks;
  }

  /** Its machine has these packs from now on, and it keeps them and no others. */
  attach(packs: readonly AttachedPack[]): void {
    if (this.#machine === null) return;
    this.#machine.packs = packs;
    this.#keptPacks = packs.map(({ digest }) => digest);
    this.#changed();
  }

  get isSpare(): boolean {
    return this.#isSpare;
  }

  /** Keeps what could not be kept before, where there is room for it by now. */
  keepOwed(): void {
    if (this.#isUnkept) unlessFull(() => this.#keep());
  }

  observe(): VmObservation & { readonly disk: { readonly kind: 'present'; readonly imageDigest: string } } {
    return { disk: { kind: 'present', imageDigest: this.#deps.imageDigest }, machine: this.#observeMachine() };
  }

  /** Starts its machine; `saved`: from this, in place of a boot. */
  start(machine: MachineSpec, faults: FaultPlan, saved: SavedVm | null): DriverHandle {
    return this.#inOneGo(() => this.#launch(machine, { faults, saved, isSpare: false }));
  }

  /** Makes its machine as large as this, but no smaller. Null if it cannot be made so while it runs. */
  resize(wanted: MachineSize): MachineShape | null {
    const machine = this.#machine;
    const shape = machine === null ? null : shapeOf(machine.size);
    if (machine?.size === undefined || shape === null) return null;
    const { vcpuCount, memoryMib, diskGib } = growTowards(shape, wanted);
    if (vcpuCount < wanted.vcpuCount || memoryMib < wanted.memoryMib || diskGib < wanted.diskGib) return null;
    machine.size = { ...machine.size, vcpuCount, memoryMib, diskGib };
    this.#changed();
    return { ...shape, vcpuCount, memoryMib, diskGib };
  }

  /** Starts a machine ahead of its VM, and halts it. */
  startSpare(machine: MachineSpec, saved: SavedVm): void {
    this.#inOneGo(() => {
      this.#launch(machine, { faults: NO_FAULTS, saved, isSpare: true });
      this.halt();
    });
  }

  /** Gives a machine that was made ahead to its VM, as if it had been started now. Null if there is none. */
  give({ name }: MachineSpec, faults: FaultPlan): DriverHandle | null {
    const { clock } = this.#deps;
    if (this.#machine === null || !this.#isSpare) return null;
    this.#tellName(name);
    this.#faults = faults;
    this.#isSpare = false;
    this.#machine = { ...this.#machine, name, startedAt: clock.now(), startedAtMs: clock.monotonicMs() };
    this.go();
    this.#setTimers(this.#machine);
    return this.#handle(this.#machine);
  }

  /** What is kept of it while there is no process to simulate it. */
  get kept(): Omit<KeptVm, 'version' | 'faults'> {
    return {
      imageDigest: this.#deps.imageDigest,
      files: this.files.entries(),
      console: this.console.kept,
      machine: this.#machine === null ? null : keepMachine(this.#machine),
      keptPacks: this.#keptPacks,
      isSpare: this.#isSpare,
    };
  }

  /** The machine as it is now; null if it was started by a server that could not save any. */
  save(): Omit<SavedVm, 'version' | 'digest' | 'isDamaged'> | null {
    const size = this.#machine?.size;
    if (size === undefined) return null;
    const { diskGib, mostVcpus: _vcpus, mostMemoryMib: _memory, ...rest } = size;
    const { imageDigest } = this.#deps;
    const savedAt = this.#deps.clock.now();
    return {
      ...rest,
      diskBytes: diskGib * 1024 ** 3,
      imageDigest,
      haltedMs: 0,
      savedAt,
      usedAt: savedAt,
      files: this.files.entries(),
      packs: this.packs,
    };
  }

  halt(): void {
    this.#machine?.guest.halt();
    this.#become('paused');
  }

  go(): void {
    this.#machine?.guest.go();
    this.#become('running');
  }

  /** It keeps all that is in it, and nobody can speak to it. */
  suspend(): void {
    this.#machine?.guest.halt();
    this.replaceLink(null, SUSPENDED);
    this.#opening?.abort(linkLost(SUSPENDED));
    this.#become('suspended');
  }

  /** What was suspended goes on, or what is there. Null if there is nothing that could. */
  wake(): DriverHandle | null {
    const machine = this.#machine;
    if (machine === null || typeof machine.state === 'object') return null;
    this.go();
    return this.#handle(machine);
  }

  /** The machine comes to an end that nobody asked for; what is left of it stays until it is cleared. */
  endByItself(end: MachineEnd): void {
    if (this.machine === null) return;
    this.#endGuest();
    this.#become({ end });
  }

  /** Ends the machine and clears what is left of it. */
  clear(): void {
    if (this.#machine === null) return;
    this.#endGuest();
    this.#machine = null;
    this.#changed();
  }

  /** Ends the link, and the opening of one that is under way; the signal ends the opening that begins now. */
  beginLink(): AbortSignal {
    this.replaceLink(null, LINK_REPLACED);
    this.#opening?.abort(linkLost(LINK_REPLACED));
    this.#opening = new AbortController();
    return this.#opening.signal;
  }

  /** A VM has one link at a time. */
  replaceLink(link: SimulatedLink | null, why: string): void {
    this.#link?.close(why);
    this.#link = link;
  }

  #observeMachine(): MachineState {
    const machine = this.#machine;
    if (machine === null) return { kind: 'absent' };
    const { incarnation, state } = machine;
    if (typeof state === 'object') return { kind: 'ended', incarnation, end: state.end };
    if (state === 'unresponsive') {
      return { kind: 'unresponsive', incarnation, pid: null, detail: 'The simulated monitor does not answer.' };
    }
    if (state === 'suspended') return { kind: state, incarnation };
    const packs = machine.packs.map(({ digest }) => digest);
    const shape = shapeOf(machine.size);
    return {
      ...{ kind: state, incarnation, handle: this.#handle(machine), pid: null },
      ...(shape === null ? {} : { shape }),
      ...(packs.length === 0 ? {} : { packs }),
    };
  }

  #handle({ incarnation, number }: Machine): DriverHandle {
    return { driver: 'simulated', version: 1, state: { vmId: this.#deps.vmId, incarnation, number } };
  }

  #become(state: Machine['state']): void {
    if (this.#machine === null || this.#machine.state === state) return;
    this.#machine.state = state;
    this.#changed();
  }

  #launch(
    { incarnation, name, spec }: MachineSpec,
    {
      faults,
      saved,
      isSpare,
    }: { readonly faults: FaultPlan; readonly saved: SavedVm | null; readonly isSpare: boolean },
  ): DriverHandle {
    const { clock } = this.#deps;
    if (saved !== null) this.files.become(saved.files);
    // In memory: a guest that boots finds it empty.
    else if (this.files.isDirectory('/run')) this.files.remove('/run', true);
    this.#tellName(name);
    const number = randomInt(1, 2 ** 31);
    const size = sizeOf(spec);
    const packs = saved?.packs ?? [];
    if (packs.length > 0) this.#keptPacks = packs.map(({ digest }) => digest);
    const began = { startedAt: clock.now(), startedAtMs: clock.monotonicMs() };
    const begun = { incarnation, name, number, ...began, size, packs, begun: [] };
    this.#faults = faults;
    this.#isSpare = isSpare;
    this.#machine = this.#begin(begun);
    const handle = this.#handle(this.#machine);
    this.console.append(Buffer.from(`Simulated guest ${name}, incarnation ${incarnation}\r\n`));
    this.#setTimers(this.#machine);
    this.#changed();
    return handle;
  }

  #begin(begun: Omit<KeptMachine, 'state'> & { readonly startedAtMs: number }): Machine {
    const { incarnation, name, number, startedAt, startedAtMs, size, packs = [], begun: commands = [] } = begun;
    const guest = new SimulatedGuest({
      clock: this.#deps.clock,
      files: this.files,
      bootedAtMs: startedAtMs,
      size: () => this.#machine?.size ?? size ?? null,
      cpuPercent: () => this.#faults.cpuPercent,
      isOffline: () => this.#faults.isOffline,
      begun: commands.flatMap((command) => parseId('exec', command) ?? []),
      onBegin: () => unlessFull(() => this.#keep()),
      onPowerOff: (how) => {
        if (!this.#faults.ignoresShutdown) this.endByItself({ cause: how === 'reboot' ? 'rebooted' : 'powered-off' });
      },
    });
    const life = new AbortController();
    return { incarnation, name, number, startedAt, startedAtMs, size, packs, guest, life, state: 'running' };
  }

  #setTimers(machine: Machine): void {
    const { endsBy, unresponsiveAfterMs } = this.#faults;
    const { life, startedAtMs } = machine;
    const leftMs = (afterMs: number): number => Math.max(0, startedAtMs + afterMs - this.#deps.clock.monotonicMs());
    if (endsBy !== null) this.#after(leftMs(endsBy.afterMs), life, () => this.endByItself(endsBy.end));
    if (unresponsiveAfterMs !== null)
      this.#after(leftMs(unresponsiveAfterMs), life, () => this.#become('unresponsive'));
  }

  /** The machine has run on; its guest has forgotten the commands, which were run by a process that is gone, but begins none of them again. */
  #restore({ files, console, machine, keptPacks }: KeptVm): void {
    this.#keptPacks = keptPacks ?? [];
    this.files.restore(files);
    this.console.restore(console);
    if (machine === null) return;
    const { clock } = this.#deps;
    const startedAtMs = clock.monotonicMs() - Math.max(0, clock.now() - machine.startedAt);
    this.#machine = this.#begin({ ...machine, startedAtMs });
    this.#machine.state = machine.state;
    if (machine.state === 'paused' || machine.state === 'suspended') this.#machine.guest.halt();
    if (typeof machine.state === 'object') this.#endGuest();
    else this.#setTimers(this.#machine);
  }

  #tellName(name: string): void {
    const tell = (path: string, line: string): void =>
      this.files.write(path, Buffer.from(`${line}\n`), { mode: null, makeParents: false });
    tell('/etc/hostname', name);
    tell('/etc/machine-id', uuidOf(this.#deps.vmId).replaceAll('-', ''));
  }

  #endGuest(): void {
    this.#machine?.life.abort();
    this.#machine?.guest.end();
    this.replaceLink(null, 'its machine has ended');
  }

  #after(delayMs: number, life: AbortController, work: () => void): void {
    // Rejected when the machine ends before: then there is nothing to do any more.
    this.#deps.clock.sleep(delayMs, { signal: life.signal }).then(
      () => unlessFull(work),
      () => undefined,
    );
  }

  #changed(): void {
    if (this.#isInTheMiddle) return;
    try {
      this.#keep();
    } finally {
      this.#deps.onChange();
    }
  }

  #keep(): void {
    if (this.#isInTheMiddle) return;
    this.#isUnkept = true;
    this.#deps.onKeep();
    this.#isUnkept = false;
  }

  /** A start changes a VM several times; keeping each of them would cost more than all the rest. */
  #inOneGo<T>(work: () => T): T {
    this.#isInTheMiddle = true;
    try {
      return work();
    } finally {
      this.#isInTheMiddle = false;
      this.#changed();
    }
  }
}

function keepMachine({ incarnation, name, number, startedAt, state, size, packs, guest }: Machine): KeptMachine {
  return { incarnation, name, number, startedAt, state, size, packs, begun: guest.begun };
}

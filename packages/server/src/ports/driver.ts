import type { Accelerator } from '../domain/host/host.ts';
import type { SnapshotId, VmId } from '../domain/ids.ts';
import type { ContentImage, Image } from '../domain/image/image.ts';
import type { MachineShape, MachineSize } from '../domain/vm/machine-shape.ts';
import type { VmPlaces } from '../domain/vm/places.ts';
import type { VmSpec } from '../domain/vm/spec.ts';
import type { DriverHandle } from '../domain/vm/vm.ts';
import type { DriverVolumes } from './driver-volumes.ts';
import type { Abortable, GuestLink, GuestStats } from './guest-link.ts';
import type { MachinePacks, Pack } from './machine-packs.ts';
import type { NetworkPort } from './networks.ts';

/** What a driver can do beyond the common methods. The engine looks before it promises; a driver never fakes one. */
export interface DriverCapabilities {
  /** `supportsPause` reports that virtual CPUs can be halted with memory kept. If false, pause is refused as `unsupported`. */
  readonly supportsPause: boolean;
  /** `supportsConsole` reports that the console's bytes are kept and can be read. If false, the console log is empty. */
  readonly supportsConsole: boolean;
  /** `supportsSnapshots` reports that machines can be saved and restored. If false, `saveMachine` and `suspendMachine` are refused as `unsupported`. */
  readonly supportsSnapshots: boolean;
  /** `supportsLiveResize` reports that some machines can be made larger while they run; each says in its shape how much. If false, all changes of size wait for the next start. */
  readonly supportsLiveResize: boolean;
  /** `supportsExtraDisks` reports that machines can have disks besides the root. If false, they are refused as `unsupported`. */
  readonly supportsExtraDisks: boolean;
  /** `supportsFirmware` reports that images with a boot loader of their own can be started. If false, they are refused as `unsupported`. */
  readonly supportsFirmware: boolean;
  /**
   * `supportsFixedPacks` reports that a VM's disk is made together with its packs (`DiskSpec.packs`), which its machines have in all its lives, and no others. If
   * false, its machines are given packs by `packs`, or none where that is null.
   */
  readonly supportsFixedPacks: boolean;
  readonly networkModes: readonly VmSpec['network']['mode'][];
  /** What a machine may take of the host besides its guest's memory, MiB. */
  readonly memoryOverheadMib: number;
}

/** A guest that has booted and does nothing, saved so that new VMs can begin as forks of it. */
export interface WarmTemplate extends SavedSummary {
  /** Names it; made of everything that a fork depends on. */
  readonly key: string;
  /** When it was made; milliseconds since 1970. */
  readonly createdAt: number;
  /** When a machine was last started from it, or when it was made; milliseconds since 1970. */
  readonly usedAt: number;
}

/**
 * The warm templates of this host. They can be rebuilt at any time; VMs that have started from one no longer need it.
 */
export interface WarmTemplates {
  /** The template that fits this machine, if there is one. */
  find(machine: DiskSpec, options: Abortable): Promise<WarmTemplate | null>;
  /**
   * Makes the template that fits this machine, unless it exists: boots a hidden guest and saves it. `onProgress` gets a
   * text about the current action, for people. Throws as `startMachine` and `saveMachine`.
   */
  build(
    machine: DiskSpec,
    options: Abortable & { readonly onProgress?: (message: string) => void },
  ): Promise<WarmTemplate>;
  /**
   * Makes a machine from this template in advance of its VM, and halts it: it has the VM's id, disk, address and first
   * incarnation, but not its name, and no link to it is given out. `startMachine` of that incarnation hands it to the
   * VM, as if it had just been restored; `endMachine` and `deleteDisk` remove it. Throws as `createDisk` and
   * `startMachine`; then nothing is left of it.
   */
  startSpare(
    machine: Omit<DiskSpec, 'name' | 'labels' | 'from'>,
    options: Abortable & { readonly key: string },
  ): Promise<void>;
  list(): Promise<readonly WarmTemplate[]>;
  /** Absent is fine. */
  remove(key: string): Promise<void>;
}

/** Something that a driver has stored on this host's disk. */
export interface KeptThing {
  /**
   * `image`: files of an image that disks need, unless shared with the cache. `leftover`: remains of a process that
   * died.
   */
  readonly kind: 'disk' | 'snapshot' | 'volume' | 'image' | 'leftover';
  /** A VM's id, a snapshot's, a volume's, a digest; of a leftover its name. */
  readonly id: string;
  /** Bytes really allocated on the disk. */
  readonly bytes: number;
  /**
   * In use, whatever the store says: it has a machine (perhaps one made in advance of its VM), or may be in the making.
   */
  readonly isBusy: boolean;
}

/** What a driver has on this host's disk, whether the store knows it or not. */
export interface DriverStorage {
  /** Everything, except what is in the making. */
  list(options: Abortable): Promise<readonly KeptThing[]>;
  /** Removes a leftover, if it still is one; true if it has. */
  removeLeftover(id: string, options: Abortable): Promise<boolean>;
}

/** Everything that a driver needs to know to make a machine. */
export interface MachineSpec {
  readonly vmId: VmId;
  readonly name: string;
  readonly incarnation: number;
  readonly spec: VmSpec;
  /** The VM's labels: a driver may take hints from them (the simulated one takes its faults). */
  readonly labels: Readonly<Record<string, string>>;
  /** What this incarnation starts from instead of a boot; its disk was made from the same. */
  readonly from?: SavedRef;
  /**
   * Packs that it is set going with, where it begins from a warm template, or was made ahead: its guest has been sent word of them before anybody gets a
   * link to it, and keeps requests waiting until it has mounted them. Any other machine has none yet: `packs.attach` gives it its own. Of a disk that is made
   * where packs are fixed: those that all its machines have.
   */
  readonly packs?: readonly Pack[];
  /** Of the mode `bridge`, to be started; what is saved of machines is without. */
  readonly network?: MachineNetwork;
}

/** Where a machine on a bridge is connected to its network, and the guest's settings for it. */
export interface MachineNetwork extends NetworkPort {
  readonly mac: string;
  /** With the length of its network's prefix: `10.66.0.2/16`. */
  readonly address: string;
  readonly gateway: string;
  readonly dns: string | null;
}

/** Names a saved machine on this host. */
export type SavedRef =
  | { readonly kind: 'snapshot'; readonly id: SnapshotId }
  | { readonly kind: 'warm'; readonly key: string };

/** What a saved machine is, and what it cost. */
export interface SavedSummary {
  readonly vcpuCount: number;
  readonly memoryMib: number;
  /** Virtual size of its disk, bytes. */
  readonly diskBytes: number;
  readonly imageDigest: string;
  /** What it takes on the host's disk. */
  readonly sizeBytes: number;
  /** How long its guest was halted for it, milliseconds. */
  readonly haltedMs: number;
}

/** All that a driver needs to know to make a disk: the machine it is for, and what it is made from. */
export interface DiskSpec extends MachineSpec {
  readonly image: Image;
  /** What disks besides the root begin with, by the names of those that begin with something. */
  readonly contents?: ReadonlyMap<string, ContentImage>;
}

/** A machine that takes up a saved one. Which image its disk stands on, the saved machine knows. */
export interface RestoredSpec extends MachineSpec {
  readonly from: Extract<SavedRef, { kind: 'snapshot' }>;
  readonly image?: undefined;
}

/** What a machine has used since it was started or woken. */
export interface MachineUse {
  /** Processor time of its VMM, milliseconds: what its guest computes, and what the VMM does for it. */
  readonly cpuMs: number;
}

/** All that the host knows of what a machine has used. Null: nobody there counts it, or could tell it in time. */
export interface MachineFigures extends MachineUse {
  /** Since its VMM was started, milliseconds. */
  readonly uptimeMs: number;
  /** Of the host's memory, what the VMM holds now: what its guest has ever touched, and its own. */
  readonly heldBytes: number | null;
  /** Of all disks of the guest. */
  readonly diskTransferBytes: GuestStats['diskTransferBytes'];
  readonly diskOperations: GuestStats['diskOperations'];
  /** As the guest received and sent them. */
  readonly networkBytes: GuestStats['networkBytes'] | null;
  readonly networkPackets: GuestStats['networkPackets'];
}

/** How a machine that was running came to its end. */
export type MachineEnd =
  | { readonly cause: 'powered-off' }
  | { readonly cause: 'rebooted' }
  | { readonly cause: 'panicked'; readonly detail: string }
  | { readonly cause: 'io-error'; readonly detail: string }
  /** The VMM itself is gone without having been asked; `detail` holds its last words. */
  | { readonly cause: 'vmm-died'; readonly detail: string };

/** The truth about a machine at this moment. */
export type MachineState =
  /** No VMM, and no trace that one should be there. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'running' | 'paused';
      readonly incarnation: number;
      readonly handle: DriverHandle;
      readonly pid: number | null;
      /** How large it is, and can be made; absent where nobody can tell. */
      readonly shape?: MachineShape;
      /** Digests of the tool packs that it has; absent where there are none. */
      readonly packs?: readonly string[];
    }
  /** It was suspended: there is no VMM, but the state from which `wakeMachine` continues. */
  | {
      readonly kind: 'suspended';
      readonly incarnation: number;
      /** What a VMM has left that was killed over suspending or waking it: `suspendMachine` clears that too. Absent where nothing is left. */
      readonly hasRemains?: true;
    }
  /** The guest has ended (or its VMM has died). `endMachine` clears what is left. */
  | { readonly kind: 'ended'; readonly incarnation: number; readonly end: MachineEnd }
  /**
   * No VMM, but something is kept that it may have been suspended to, and that cannot be read, now or ever: `wakeMachine` says why. Nobody
   * knows which life it is. `endMachine` gives it up for good, so that nobody asks for that who was not asked to.
   */
  | { readonly kind: 'unreadable'; readonly detail: string }
  /** Its VMM lives and is ours, but does not answer; `endMachine` can still end it. */
  | {
      readonly kind: 'unresponsive';
      readonly incarnation: number;
      readonly pid: number | null;
      readonly detail: string;
    };

/** What is kept of a VM on this host besides its machine. */
export type DiskState =
  | { readonly kind: 'absent' }
  /** No disk, but something is kept for the VM, as after a creation that was cut short. `deleteDisk` removes it. */
  | { readonly kind: 'remnants' }
  /** `imageDigest`: of the image it was made from; null for a disk of before that was kept beside it. */
  | { readonly kind: 'present'; readonly imageDigest: string | null };

export interface VmObservation {
  readonly disk: DiskState;
  readonly machine: MachineState;
}

/** What is on this host, whether the store knows it or not. */
export interface FoundVm {
  readonly vmId: VmId;
  readonly observation: VmObservation;
  /** It was made ahead by `startSpare`, complete or not, and has not been given to its VM; or it is a VM that nobody has been in. */
  readonly isSpare: boolean;
}

export interface ConsoleChunk {
  /** Of the first byte since the machine's first start; older bytes may have been dropped by the ring. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Runs VMs of one kind on this host. Every method measures, then acts; every one may be repeated, and repeating a
 * finished one changes nothing. VMs outlive this process: nothing that is needed to find one again is kept in memory only.
 * A method that takes a VM's id works on what this installation made, and never touches a process it cannot prove to be that.
 */
export interface Driver extends AsyncDisposable {
  /** `qemu`, `simulated`. */
  readonly kind: string;
  readonly capabilities: DriverCapabilities;
  /** Null where machines always boot. */
  readonly warm: WarmTemplates | null;
  /** Null where machines cannot be given packs. */
  readonly packs: MachinePacks | null;
  /** Null where there are no volumes. */
  readonly volumes: DriverVolumes | null;
  readonly storage: DriverStorage;

  /**
   * What this host offers: the program's version, and the accelerator as really tried with a probe guest. Kept per host boot.
   * Throws `failed_precondition` driver.not_installed, naming what to install.
   */
  probe(
    options: Abortable & { readonly image: Image | null },
  ): Promise<{ readonly version: string; readonly accelerator: Accelerator }>;

  /**
   * Makes the disk, complete or not at all, and returns the digest of the image it was made from, which is kept with it.
   * A disk that is there stays as it is, whatever image it was made from. What it needs of the image stays with it too, so
   * that the image can be removed from where it was. With `from` it is a copy of the saved machine's disk. Its volumes are there: `data_loss` driver.disk_damaged otherwise. Throws `resource_exhausted` driver.disk_full,
   * `unavailable` driver.image_gone, driver.pack_gone when the image or a pack was removed meanwhile, `data_loss` snapshot.damaged, snapshot.lost.
   */
  createDisk(disk: DiskSpec | RestoredSpec, options: Abortable): Promise<{ readonly imageDigest: string | null }>;
  /**
   * Has ready what the machine takes up: the saved machine is seen to be unaltered and to fit, and its disk is copied beside the
   * VM's own, which stays as it is until `startMachine` puts the copy in its place. A machine may be there. Throws `data_loss`
   * snapshot.damaged, snapshot.lost, `failed_precondition` snapshot.does_not_fit, `resource_exhausted` driver.disk_full.
   */
  prepareRestore(machine: RestoredSpec, options: Abortable): Promise<void>;
  /** Removes the disk and all else that is kept for the VM. The machine must be absent, else `failed_precondition` driver.machine_present. */
  deleteDisk(vmId: VmId, options: Abortable): Promise<void>;

  /**
   * Starts a machine from its disk, on the very image that this was made from, and returns once it executes; the guest is
   * not awaited. A machine of this incarnation that is there
   * already is returned as it is, and a spare one is given to its VM; one of another incarnation: `failed_precondition` driver.machine_present.
   * With `from`, the disk becomes what it was when that was saved, unless it still is. Throws what `prepareRestore` does, `data_loss` driver.disk_damaged, `unavailable` driver.start_failed with the VMM's own words in `context`, `data_loss` image.lost.
   */
  startMachine(machine: MachineSpec, options: Abortable): Promise<DriverHandle>;
  /** Ends the machine now, like pulling the plug, and clears its run directory and what it was suspended to; absent is fine. */
  endMachine(vmId: VmId, options: Abortable): Promise<void>;
  /**
   * Saves a machine that runs or is halted: memory, devices and disk of one moment, complete or not at all. It is halted
   * meanwhile, as briefly as can be, and goes on as it was. One that is there already is returned as it is. Throws
   * `failed_precondition` driver.no_machine, `resource_exhausted` driver.disk_full, `unavailable` driver.save_failed,
   * `unsupported` driver.no_snapshots.
   */
  saveMachine(vmId: VmId, id: SnapshotId, options: Abortable): Promise<SavedSummary>;
  /** Removes a saved machine; absent is fine. Machines restored from it are not affected. */
  deleteSaved(id: SnapshotId, options: Abortable): Promise<void>;

  /**
   * Saves a machine that runs or is halted, and ends its VMM: its memory is the host's again. What is saved goes with the disk as it is
   * left, and with no other. One that is suspended already stays so, cleared of remains. When it fails, the machine goes on as it was. Throws as
   * `saveMachine`.
   */
  suspendMachine(vmId: VmId, options: Abortable): Promise<void>;
  /**
   * Has a suspended machine go on as what it was: the same life, the same guest, which is not told anything. What was saved is given up at the moment
   * before the processors are set going, so that it goes on once; when anything fails before, the machine is suspended as it was.
   * One that is there is set going. Throws `failed_precondition` driver.no_machine, driver.suspended_does_not_fit,
   * `data_loss` driver.suspended_damaged, and what `startMachine` does.
   */
  wakeMachine(machine: MachineSpec, options: Abortable): Promise<DriverHandle>;

  /**
   * Gives a machine that runs or is halted what it has less of than this, as far as its shape says that it can have it; it is never made smaller. Its guest is not
   * told: that is `grow` of its link. Returns the machine as it is then. What it was given stays with it when it is saved, suspended and woken, and
   * goes with its life. Throws `failed_precondition` driver.no_machine, driver.cannot_resize, `resource_exhausted` driver.disk_full.
   */
  resizeMachine(vmId: VmId, size: MachineSize, options: Abortable): Promise<MachineShape>;

  /** Halts and sets going the virtual CPUs. Throw `failed_precondition` driver.no_machine. */
  pauseMachine(vmId: VmId, options: Abortable): Promise<void>;
  resumeMachine(vmId: VmId, options: Abortable): Promise<void>;
  /** Presses the machine's power button, for guests whose agent does not answer. Resolves when it is pressed. */
  pressPowerButton(vmId: VmId, options: Abortable): Promise<void>;

  /** Where what is kept of the VM lies, or will; absent where nothing lies anywhere. */
  locateVm?(vmId: VmId): Promise<VmPlaces>;
  /** By what a machine of this handle is known outside of here, such as the id of a container; absent where by nothing. */
  nameMachine?(handle: DriverHandle): string | null;

  /** The truth now, of one VM. Never cached. */
  inspect(vmId: VmId, options: Abortable): Promise<VmObservation>;
  /** What the machine has used of the host's processors, which costs little to ask; null: there is no machine. */
  measureMachine(vmId: VmId, options: Abortable): Promise<MachineUse | null>;
  /**
   * All that the host knows of what the machine has used, for one whose guest does not tell; null where there is none. A VMM that does not
   * answer is waited for a second at most. Counters never fall as long as the machine lives, unless a device was taken from it.
   */
  surveyMachine(vmId: VmId, options: Abortable): Promise<MachineFigures | null>;
  /** Everything of this installation that is on the host: adoption and the reaper start from it. */
  findAll(options: Abortable): Promise<readonly FoundVm[]>;
  /**
   * Hints that a VM's machine may have changed by itself (ended, paused, died), until the signal is aborted; those
   * machines are watched that were started or inspected through this driver.
   */
  watch(options: Abortable): AsyncIterable<VmId>;

  /**
   * A session with the guest's agent; waits until the agent answers or the signal is aborted. One at a time per VM: a
   * second one ends the first. Throws `failed_precondition` driver.no_machine, `unavailable` guest.link_lost.
   */
  openLink(vmId: VmId, options: Abortable): Promise<GuestLink>;

  /** The console's bytes from `offset` on, as far as the bounded log still holds them; `follow` goes on until aborted. */
  readConsole(
    vmId: VmId,
    options: Abortable & { readonly offset: number; readonly follow: boolean },
  ): AsyncIterable<ConsoleChunk>;
}

import type { EventType } from '../domain/events.ts';

/** Commits that are named by an event they append. */
export const COMMITTED_EVENTS = [
  'vm.created',
  'vm.provisioning',
  'vm.starting',
  'vm.started',
  'vm.pausing',
  'vm.paused',
  'vm.suspending',
  'vm.suspended',
  'vm.resuming',
  'vm.resumed',
  'vm.stopping',
  'vm.stopped',
  'vm.restarting',
  'vm.deleting',
  'vm.deleted',
  'snapshot.created',
  'snapshot.ready',
  'snapshot.deleted',
  'operation.started',
  'operation.succeeded',
  'operation.cancelled',
  'operation.failed',
  'execution.started',
  'execution.completed',
  'workspace.step_completed',
  'workspace.ready',
  'deployment.rollout_completed',
  'deployment.deleted',
  'server.started',
] as const satisfies readonly EventType[];

/** What is done to the world: there is a moment before and one after. */
const DEEDS = [
  ...COMMITTED_EVENTS.map((type) => `commit.${type}` as const),
  /** A transaction that tells of no event: a step that begins or is done, or that a command runs. */
  'commit.step',
  'commit.output',
  'driver.create-disk',
  'driver.delete-disk',
  'driver.start-machine',
  'driver.end-machine',
  'driver.pause-machine',
  'driver.resume-machine',
  'driver.resize-machine',
  'driver.suspend-machine',
  'driver.wake-machine',
  'driver.save-machine',
  'driver.attach-packs',
  'driver.delete-saved',
  'driver.open-link',
  'guest.exec',
  'guest.shut-down',
  'guest.grow',
  'image.ensure',
  'networks.apply',
] as const;
export type FaultyDeed = (typeof DEEDS)[number];

/** Moments within deeds of the QEMU driver, and of the networks that its machines are joined to. */
export const QEMU_FAULT_POINTS = [
  /** The overlay is complete, and does not have its name yet. */
  'qemu.disk-made',
  /** The launch is recorded; there is no process. */
  'qemu.launch-recorded',
  /** The process runs, and its number is not written down. */
  'qemu.vmm-spawned',
  /** Its number is written down, and it has not answered yet. */
  'qemu.vmm-recorded',
  /** A running machine has been given processors, memory or room on its disk, which is not written down. */
  'qemu.machine-grown',
  /** A running machine has been given packs, which is not written down. */
  'qemu.packs-attached',
  /** A machine that is to be suspended is saved, and its halted VMM is still there. */
  'qemu.suspend-saved',
  /** The VMM of a suspended machine has taken up what was saved, which is still there. */
  'qemu.wake-loaded',
  /** What was saved is gone, and the machine does not go yet. */
  'qemu.wake-consumed',
  /** The namespace is there, and nothing is in it yet. */
  'networks.namespace-made',
  /** The rules are those of the plan, and the interfaces are not yet. */
  'networks.rules-loaded',
] as const;

/** Moments within deeds of the Docker driver. */
const DOCKER_FAULT_POINTS = [
  /** The root of the image is in the engine, and there is no container. */
  'docker.root-imported',
  /** The container is there, and nobody has been told. */
  'docker.container-made',
  /** A life is written down, and has not begun. */
  'docker.life-recorded',
  /** The container has been killed, and its life is still written down. */
  'docker.container-killed',
  /** The container is removed, and all that was kept beside it is there. */
  'docker.container-removed',
  /** The tools that nobody has besides are gone, and the console is there. */
  'docker.packs-removed',
] as const;

/** Moments that every driver comes through. For a commit, `before` is when all is written and nothing committed. */
export const COMMON_FAULT_POINTS = DEEDS.flatMap((deed) => [`${deed}.before` as const, `${deed}.after` as const]);

export const FAULT_POINTS = [...COMMON_FAULT_POINTS, ...QEMU_FAULT_POINTS, ...DOCKER_FAULT_POINTS] as const;
export type FaultPointName = (typeof FAULT_POINTS)[number];

/** Called when the program comes to a moment at which a test may want it to die. */
export type FaultPoint = (name: FaultPointName) => void;

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { VmId } from '../../../domain/ids.ts';
import type { DiskSpec, Driver, RestoredSpec, SavedRef } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import type { Log } from '../../../ports/log.ts';
import { createKeyedLock } from '../../shared/keyed-lock.ts';
import { readCpuMs } from '../../shared/process.ts';
import { isUnreadable } from '../../shared/read-facts.ts';
import { identityOf } from '../../shared/vm-identity.ts';
import { createAcceleratorChooser, notTried } from './accelerator.ts';
import { createMachinePacks } from './attachments/machine-packs.ts';
import type { PackFiles } from './attachments/pack-files.ts';
import { makeDisk } from './disk.ts';
import { findContents } from './disk-contents.ts';
import { imagesOf, readDiskOrigin } from './disk-origin.ts';
import { endLostVmm, endMachine } from './end-machine.ts';
import { imageLost, machinePresent } from './errors.ts';
import { findAllVms } from './find-all-vms.ts';
import { askSystemAgent } from './full-os/ask-system-agent.ts';
import { createHostStorage } from './host-storage.ts';
import { inspectVm } from './inspect.ts';
import { inspectDisk } from './inspect-disk.ts';
import { createKeptImages } from './kept-images.ts';
import { readRecord, removeHalfWritten } from './launch-record.ts';
import { Machines } from './machines.ts';
import { openLink } from './open-link.ts';
import { findRecord, requireMachine } from './present-machine.ts';
import { halt, pressPowerButton, setGoing } from './processors.ts';
import { QEMU_CAPABILITIES } from './qemu-capabilities.ts';
import type { QemuDriverDeps } from './qemu-config.ts';
import { createQemuFinder } from './qemu-program.ts';
import { readConsole } from './read-console.ts';
import { resizeMachine } from './resize-machine.ts';
import { saveMachine } from './saved/save-machine.ts';
import { snapshotsPath, suspendedPath } from './saved/saved-machine.ts';
import { createSavedStore } from './saved/saved-store.ts';
import type { SpareMaker } from './saved/start-spare.ts';
import { forgetSuspended, type Suspended, suspendMachine } from './saved/suspend-machine.ts';
import { wakeMachine } from './saved/wake-machine.ts';
import { createWarmStore } from './saved/warm-store.ts';
import type { StartContext, StartSpec } from './start-context.ts';
import { prepareRestore, startMachine } from './start-machine.ts';
import { surveyMachine } from './survey-machine.ts';
import { createTidyUp } from './tidy-up.ts';
import { listVmIds, type VmDirectory } from './vm-directory.ts';
import { findVmm } from './vmm-process.ts';
import { placeVolumes } from './volumes/place-volumes.ts';
import { createQemuVolumes } from './volumes/qemu-volumes.ts';

/**
 * Runs each VM as a QEMU process of its own, in a session of its own, without privileges: it outlives us and is found
 * again by its record and proven by `/proc`. `vm-directory.ts` says where what lies, `command-line.ts` what the machine is.
 */
export function createQemuDriver(deps: QemuDriverDeps): Driver {
  const machines = new Machines(deps);
  const images = createKeptImages(deps.dataDir);
  const packFiles: PackFiles = { dataDir: deps.dataDir, lock: createKeyedLock() };
  const snapshots = createSavedStore(snapshotsPath(deps.dataDir));
  const sleepersPath = suspendedPath(deps.dataDir);
  const suspended: Suspended = { path: sleepersPath, store: createSavedStore(sleepersPath) };
  const templates = createSavedStore(join(deps.cacheDir, 'warm'), { isRebuildable: true });
  const tidyUp = createTidyUp({ images, packFiles, log: deps.log });
  const openSaved = (ref: SavedRef) => (ref.kind === 'snapshot' ? snapshots.open(ref.id) : templates.open(ref.key));
  const findQemu = createQemuFinder(deps.searchPath);
  const accelerators = createAcceleratorChooser({ ...deps, cacheDir: join(deps.cacheDir, 'qemu') });

  const startContext = async (signal: AbortSignal): Promise<StartContext> => {
    const program = await findQemu({ signal });
    const { installationId, faultPoint, ownImage } = deps;
    const kept = { machines, program, accelerators, images, packFiles, ownImage };
    return { ...kept, openSaved, installationId, signal, faultPoint };
  };

  let isSettled = false;
  /** Once, before anything is written: what a former server has left half written would stay as long as its VM. */
  const settle = async (): Promise<void> => {
    if (isSettled) return;
    isSettled = true;
    for (const vmId of await listVmIds(deps.dataDir))
      await machines.lock.run(vmId, () => removeHalfWritten(machines.directory(vmId).recordPath));
    await tidyUp.packs();
  };

  const life = {
    createDisk: (machine: DiskSpec | RestoredSpec, { signal }: Abortable) =>
      machines.lock.run(machine.vmId, async () => {
        const directory = machines.directory(machine.vmId);
        const disk = await inspectDisk(directory);
        if (disk.kind === 'present') return { imageDigest: disk.imageDigest };
        const identity = identityOf(machine.vmId, []);
        const { from } = machine;
        const saved = from === undefined ? null : await openSaved(from);
        const isOfSnapshot = saved !== null && from?.kind === 'snapshot';
        const image = isOfSnapshot ? await images.find(saved.facts.imageDigest) : machine.image;
        if (image == null) throw imageLost({ from });
        const given = machine.image === undefined ? undefined : machine.contents;
        const contents = isOfSnapshot ? await findContents(saved.facts.contents, images) : (given ?? new Map());
        const { faultPoint } = deps;
        const context = { program: await findQemu({ signal }), identity, images, saved, from, signal, faultPoint };
        await makeDisk(directory, { spec: machine.spec, image, contents }, context);
        return { imageDigest: image.digest };
      }),

    deleteDisk: (vmId: VmId, options: Abortable) =>
      machines.lock.run(vmId, async () => {
        const directory = machines.directory(vmId);
        if ((await readRecord(directory.recordPath)).kind !== 'none') throw machinePresent({});
        // With the directory would go the last trace of it.
        await endLostVmm(machines, vmId, options);
        await forgetSuspended(vmId, suspended);
        const digests = await readImagesOf(directory, deps.log);
        // What it was goes last: interrupted, it is found for what it is.
        await rm(directory.runPath, { recursive: true, force: true });
        await rm(directory.path, { recursive: true, force: true });
        await tidyUp.images(digests);
        await tidyUp.packs();
      }),

    startMachine: (machine: StartSpec, { signal }: Abortable) =>
      machines.lock.run(machine.vmId, async () => {
        const context = await startContext(signal);
        if (machine.from === undefined) await placeVolumes(machine.vmId, machine.spec.disks, context);
        return await startMachine(machine, context);
      }),

    endMachine: (vmId: VmId, options: Abortable) =>
      machines.lock.run(vmId, async () => {
        await endMachine(machines, vmId, options);
        await forgetSuspended(vmId, suspended);
      }),
  };

  const spares: SpareMaker = {
    ...life,
    openLink: (vmId, { signal }) => openLink(deps, machines, vmId, { signal, isSpare: true }),
    monitor: (vmId) => requireMachine(machines, vmId),
  };

  return {
    kind: 'qemu',
    capabilities: QEMU_CAPABILITIES,
    packs: createMachinePacks({ machines, packFiles, faultPoint: deps.faultPoint }),
    volumes: createQemuVolumes({ ...deps, machines, images, tidyUp, findQemu }),
    storage: createHostStorage(deps),
    warm: createWarmStore({ config: deps, saved: templates, findQemu, accelerators, spares }),
    ...life,

    async locateVm(vmId) {
      const directory = machines.directory(vmId);
      const origin = await readDiskOrigin(directory);
      const image = origin === null ? null : await images.find(origin.imageDigest);
      return {
        kernelPath: image?.boot === 'direct' ? image.kernelPath : null,
        rootPath: directory.diskPath,
        socketPath: directory.controlSocketPath,
      };
    },

    async probe({ signal, image }) {
      const program = await findQemu({ signal });
      const accelerator =
        image?.boot === 'direct' ? (await accelerators.choose(program, image, { signal })).accelerator : notTried();
      return { version: program.version, accelerator };
    },

    prepareRestore: (machine, { signal }) =>
      machines.lock.run(machine.vmId, async () => prepareRestore(machine, await startContext(signal))),

    saveMachine: (vmId, id, { signal }) =>
      machines.lock.run(vmId, async () => {
        const { imageToolPath } = await findQemu({ signal });
        return await snapshots.keep(id, (out) => saveMachine(machines, vmId, { imageToolPath, out, signal }));
      }),
    deleteSaved: async (id) => {
      await tidyUp.images((await snapshots.remove(id)) ?? []);
      await tidyUp.packs();
    },

    suspendMachine: (vmId, { signal }) =>
      machines.lock.run(vmId, async () => {
        const { imageToolPath } = await findQemu({ signal });
        await suspendMachine(vmId, { machines, suspended, imageToolPath, signal, faultPoint: deps.faultPoint });
      }),
    wakeMachine: (machine, { signal }) =>
      machines.lock.run(machine.vmId, async () => wakeMachine(machine, { ...(await startContext(signal)), suspended })),

    resizeMachine: (vmId, size) =>
      machines.lock.run(vmId, () => resizeMachine(vmId, size, { machines, faultPoint: deps.faultPoint })),

    pauseMachine: async (vmId) => {
      await machines.untilNotHalted(vmId);
      await halt(await requireMachine(machines, vmId));
    },
    resumeMachine: async (vmId) => {
      await machines.untilNotHalted(vmId);
      await machines.lock.run(vmId, async () => {
        const client = await requireMachine(machines, vmId);
        // Of a suspension that a server died over: it would not be what the machine was any more.
        await forgetSuspended(vmId, suspended);
        await setGoing(client);
      });
    },
    pressPowerButton: async (vmId, { signal }) => {
      const client = await requireMachine(machines, vmId);
      await askSystemAgent(machines, vmId, signal);
      await pressPowerButton(client);
    },

    inspect: (vmId, options) => inspectVm(machines, vmId, options),
    async measureMachine(vmId) {
      const record = await findRecord(machines, vmId);
      const pid = record === null ? undefined : findVmm(record, machines.directory(vmId))?.pid;
      const cpuMs = pid === undefined ? null : readCpuMs(pid);
      return cpuMs === null ? null : { cpuMs };
    },
    surveyMachine: (vmId, options) => surveyMachine(machines, vmId, options),
    findAll: async (options) => {
      await settle();
      return await findAllVms(deps, machines, options);
    },
    watch: ({ signal }) => machines.watch(signal),

    openLink: (vmId, { signal }) => openLink(deps, machines, vmId, { signal, isSpare: false }),
    readConsole: (vmId, options) => readConsole(machines, vmId, options),

    [Symbol.asyncDispose]: () => machines[Symbol.asyncDispose](),
  };
}

/** What the disks stand on that are about to go. Of what cannot be read, nothing: those images stay until a server starts that can tell. */
async function readImagesOf(directory: VmDirectory, log: Log): Promise<readonly string[]> {
  try {
    const origin = await readDiskOrigin(directory);
    return origin === null ? [] : imagesOf(origin);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    log.warn('images stay that may be needed no more: what a disk was made from cannot be read', { error });
    return [];
  }
}

import { VolaryError } from '../../../domain/errors.ts';
import type { VmId } from '../../../domain/ids.ts';
import type { Driver, MachineFigures, VmObservation } from '../../../ports/driver.ts';
import type { Abortable } from '../../../ports/guest-link.ts';
import { createKeyedLock } from '../../shared/keyed-lock.ts';
import { isUnreadable } from '../../shared/read-facts.ts';
import { createConsoles } from './console/consoles.ts';
import { createContainer } from './create-container.ts';
import { DOCKER_CAPABILITIES } from './docker-capabilities.ts';
import type { DockerDriverDeps } from './docker-config.ts';
import { createDockerStorage, isPackUsed } from './docker-storage.ts';
import {
  type Container,
  findContainer,
  killContainer,
  limitContainer,
  listContainers,
  readUse,
  removeContainer,
  setPaused,
  signalContainer,
} from './engine/containers.ts';
import { createEngineClient } from './engine/engine-client.ts';
import { machinePresent, noMachine, noSnapshots } from './errors.ts';
import { createLinks } from './links.ts';
import { createMachineRecords } from './machine-record.ts';
import { nameOfMachine, observe, shapeOf } from './observe.ts';
import { openLink } from './open-link.ts';
import { ensureRoot } from './root-images.ts';
import { startMachine } from './start-machine.ts';
import { createUnpackedPacks } from './unpacked-packs.ts';
import { watchContainers } from './watch.ts';

/**
 * Runs each VM as a container of the host's Docker Engine: its first program is our agent, its disk what it has written, which stays with
 * it over all its lives. It outlives us, and is found again by its name and its labels.
 */
export function createDockerDriver(deps: DockerDriverDeps): Driver {
  const { installationId, log, faultPoint } = deps;
  const client = createEngineClient(deps.socketPath);
  const records = createMachineRecords(deps.dataDir);
  const unpacked = createUnpackedPacks(deps.dataDir);
  const lock = createKeyedLock();
  const links = createLinks();
  const consoles = createConsoles(client, deps.dataDir);
  const disposed = new AbortController();
  const parts = { ...deps, client, records, unpacked };

  const find = (vmId: VmId, options: Abortable) => findContainer(client, { vmId, installationId }, options);

  async function inspect(vmId: VmId, options: Abortable): Promise<VmObservation> {
    const record = await records.read(vmId);
    try {
      const container = await find(vmId, options);
      return observe(container, record, { hasRemains: container === null && (await consoles.isPlaced(vmId)) });
    } catch (error) {
      if (record === null || !isUnreachable(error)) throw error;
      const { incarnation } = record;
      const machine = { kind: 'unresponsive', incarnation, pid: null, detail: error.message } as const;
      return { disk: { kind: 'present', imageDigest: null }, machine };
    }
  }

  /** The container whose machine is there. Throws `failed_precondition` driver.no_machine. */
  async function present(vmId: VmId, options: Abortable): Promise<Container> {
    const container = await find(vmId, options);
    if (container?.state !== 'running' && container?.state !== 'paused') throw noMachine();
    return container;
  }

  async function survey(vmId: VmId, options: Abortable): Promise<MachineFigures | null> {
    const container = await find(vmId, options);
    if (container?.state !== 'running' && container?.state !== 'paused') return null;
    const use = await readUse(client, container.id, options);
    if (use === null) return null;
    const { cpuModesMs: _modes, cachedBytes: _cached, memoryBytes: heldBytes, ...told } = use;
    return { ...told, heldBytes, uptimeMs: Math.max(0, Date.now() - Date.parse(container.startedAt)) };
  }

  return {
    kind: 'docker',
    capabilities: DOCKER_CAPABILITIES,
    warm: null,
    packs: null,
    volumes: null,
    storage: createDockerStorage(client, { installationId, unpacked }),

    async probe(options) {
      const explanation = 'Containers run on the host itself; there is no guest to accelerate.';
      try {
        const version = await client.version(options);
        return { version, accelerator: { kind: 'none', explanation, probedAt: STARTED_AT } };
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        throw new VolaryError('failed_precondition', error.message, { reason: 'driver.not_installed', cause: error });
      }
    },

    createDisk: (machine, options) =>
      lock.run(machine.vmId, async () => {
        const { vmId, image, packs = [] } = machine;
        if (image === undefined) throw noSnapshots();
        const existing = await find(vmId, options);
        if (existing !== null) return { imageDigest: existing.imageDigest };
        await ensureRoot(client, image, options);
        faultPoint?.('docker.root-imported');
        await consoles.place(vmId);
        const making = { imageDigest: image.digest, installationId, unpacked, ...options };
        await unpacked.having(packs, options, () => createContainer(client, machine, making));
        faultPoint?.('docker.container-made');
        return { imageDigest: image.digest };
      }),

    deleteDisk: (vmId, options) =>
      lock.run(vmId, async () => {
        const container = await find(vmId, options);
        const { machine } = observe(container, await records.read(vmId));
        if (container !== null && machine.kind !== 'absent') throw machinePresent();
        // From then on there is something that tells of what is left of it.
        if (container !== null) {
          await consoles.place(vmId);
          await removeContainer(client, container.id, options);
        }
        faultPoint?.('docker.container-removed');
        // Which ones it had, nobody can tell any more when it is gone already.
        const packs = container?.packs.map(({ digest }) => digest) ?? (await unpacked.digests());
        for (const digest of packs)
          await unpacked.removeUnless(digest, () => isPackUsed(client, { digest, installationId }, options));
        faultPoint?.('docker.packs-removed');
        await records.remove(vmId);
        await consoles.remove(vmId);
      }),

    startMachine: (machine, options) => lock.run(machine.vmId, () => startMachine(parts, machine, options)),

    endMachine: (vmId, options) =>
      lock.run(vmId, async () => {
        const container = await find(vmId, options);
        if (container?.state === 'running' || container?.state === 'paused')
          await killContainer(client, container.id, options);
        faultPoint?.('docker.container-killed');
        await records.remove(vmId);
      }),

    resizeMachine: (vmId, size, options) =>
      lock.run(vmId, async () => {
        const container = await present(vmId, options);
        const record = await records.read(vmId);
        if (record === null) throw noMachine();
        const vcpuCount = Math.max(size.vcpuCount, container.vcpuCount);
        const memoryMib = Math.max(size.memoryMib, container.memoryMib);
        const { growth } = shapeOf(container, record);
        if (vcpuCount > growth.vcpuCount || memoryMib > growth.memoryMib) throw cannotResize();
        await limitContainer(client, container.id, { vcpuCount, memoryMib, ...options });
        const grown = { ...record, diskGib: Math.max(size.diskGib, record.diskGib) };
        await records.write(vmId, grown);
        return shapeOf({ ...container, vcpuCount, memoryMib }, grown);
      }),

    async pauseMachine(vmId, options) {
      await setPaused(client, (await present(vmId, options)).id, { isPaused: true, ...options });
    },
    async resumeMachine(vmId, options) {
      await setPaused(client, (await present(vmId, options)).id, { isPaused: false, ...options });
    },
    async pressPowerButton(vmId, options) {
      await signalContainer(client, (await present(vmId, options)).id, { name: 'SIGTERM', ...options });
    },

    nameMachine: nameOfMachine,
    inspect,
    async measureMachine(vmId, options) {
      const use = await survey(vmId, options);
      return use && { cpuMs: use.cpuMs };
    },
    surveyMachine: survey,
    async findAll(options) {
      const containers = await unlessUnreachable(listContainers(client, { installationId }, options));
      const found = await Promise.all(
        containers.map(async ({ vmId }) => {
          const observation = await inspect(vmId, options).catch((error: unknown) => {
            if (!isUnreadable(error)) throw error;
            log.warn('what there is of a VM cannot be read now; it is left alone', { vmId, error });
            return null;
          });
          return observation === null ? [] : [{ vmId, observation, isSpare: false }];
        }),
      );
      return found.flat();
    },
    watch: ({ signal }) =>
      watchContainers(client, {
        installationId,
        listKept: consoles.list,
        log,
        signal: AbortSignal.any([signal, disposed.signal]),
      }),

    openLink: (vmId, options) => links.open(vmId, options, (signal) => openLink(parts, vmId, { signal })),
    readConsole: (vmId, options) => consoles.read(vmId, (each) => find(vmId, each), options),

    prepareRestore: refuse,
    saveMachine: refuse,
    suspendMachine: refuse,
    wakeMachine: refuse,
    // There is none.
    deleteSaved: async () => undefined,

    async [Symbol.asyncDispose]() {
      disposed.abort();
      await links[Symbol.asyncDispose]();
    },
  };
}

async function refuse(): Promise<never> {
  throw noSnapshots();
}

function cannotResize(): VolaryError {
  return new VolaryError('failed_precondition', 'The container cannot be made as large as that.', {
    reason: 'driver.cannot_resize',
  });
}

function isUnreachable(error: unknown): error is VolaryError {
  return error instanceof VolaryError && error.reason === 'driver.engine_unreachable';
}

/** Nothing was tried: it is so since there is this server. */
const STARTED_AT = Math.round(performance.timeOrigin);

/** What nobody can see cannot be told of, on the many hosts where there is no engine at all. */
async function unlessUnreachable<T>(asked: Promise<readonly T[]>): Promise<readonly T[]> {
  return await asked.catch((error: unknown) => {
    if (isUnreachable(error)) return [];
    throw error;
  });
}

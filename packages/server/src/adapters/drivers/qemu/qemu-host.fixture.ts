import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { idFromUuid, type VmId } from '../../../domain/ids.ts';
import type { DirectImage, Image } from '../../../domain/image/image.ts';
import { VM_DEFAULTS } from '../../../domain/vm/spec.ts';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import type { GuestLink } from '../../../ports/guest-link.ts';
import { createAgentLink } from '../../guest-links/agent/agent-link.ts';
import { createImageSource } from '../../images/image-source.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { createSystemClock } from '../../system/system-clock.ts';
import type { AgentConnection } from './agent-transport.ts';
import { requireDirect } from './direct-image.ts';
import { createQemuDriver } from './qemu-driver.ts';

const GUEST_PATH = new URL('../../../../../../guest', import.meta.url).pathname;
const log = createPinoLog({ level: 'error' });

/** Real QEMU in a data directory of its own, with the real image, which is built if it is not there. */
export interface QemuHost extends AsyncDisposable {
  readonly dataDir: string;
  readonly cacheDir: string;
  readonly image: DirectImage;
  makeDriver(options?: { readonly searchPath?: string; readonly faultPoint?: FaultPoint }): Driver;
  makeMachine(changes?: Partial<DiskSpec>): DiskSpec;
}

/** Connects agents as the server does. */
export function connectAgent(connection: AgentConnection): Promise<GuestLink> {
  return createAgentLink({ clock: createSystemClock(), log, randomBytes }, connection);
}

export async function makeQemuHost(): Promise<QemuHost> {
  const imageCache = process.env['VOLARY_CACHE_DIR'] ?? join(homedir(), '.cache', 'volary');
  const images = await createImageSource({ cacheDir: imageCache, guestPath: GUEST_PATH, log });
  const silently = { signal: new AbortController().signal, onProgress: () => undefined };
  const image = requireDirect(await images.ensure('base', silently));
  const directory = await mkdtemp(join(tmpdir(), 'qemu-'));
  const [dataDir, cacheDir] = [join(directory, 'data'), join(directory, 'cache')];
  return {
    dataDir,
    cacheDir,
    image,
    makeDriver: (options = {}) =>
      createQemuDriver({
        ...{ dataDir, cacheDir, installationId: 'test', log, connectAgent, ownImage: async () => image },
        ...options,
      }),
    makeMachine: (changes = {}) => ({ ...smallMachine(image), ...changes }),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Ends and removes the VM, whatever state it is in. */
export async function removeVm(driver: Driver, vmId: VmId): Promise<void> {
  const options = { signal: new AbortController().signal };
  await driver.endMachine(vmId, options);
  await driver.deleteDisk(vmId, options);
}

function smallMachine(image: Image): DiskSpec {
  const network = { mode: 'user', egress: 'deny' } as const;
  const spec = { ...VM_DEFAULTS, memoryMib: 192, diskGib: 2, network };
  return { vmId: idFromUuid('vm', randomUUIDv7()), name: 'test', incarnation: 1, spec, labels: {}, image };
}

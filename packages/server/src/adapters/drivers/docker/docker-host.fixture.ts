import { randomBytes, randomUUIDv7 } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { idFromUuid } from '../../../domain/ids.ts';
import type { DirectImage } from '../../../domain/image/image.ts';
import { VM_DEFAULTS } from '../../../domain/vm/spec.ts';
import type { DiskSpec, Driver } from '../../../ports/driver.ts';
import type { FaultPoint } from '../../../ports/fault-point.ts';
import { createAgentLink } from '../../guest-links/agent/agent-link.ts';
import { createImageSource } from '../../images/image-source.ts';
import { readOwnAgent } from '../../shared/own-agent.ts';
import { createPinoLog } from '../../system/pino-log.ts';
import { createSystemClock } from '../../system/system-clock.ts';
import { createDockerDriver } from './docker-driver.ts';

const GUEST_PATH = new URL('../../../../../../guest', import.meta.url).pathname;
const log = createPinoLog({ level: 'error' });

/** Containers of a real engine, in a data directory of their own, with the real image, which is built if it is not there. */
export interface DockerHost extends AsyncDisposable {
  readonly image: DirectImage;
  readonly dataDir: string;
  makeDriver(options?: {
    readonly installationId?: string;
    /** Default: that of the engine that the host was made with. */
    readonly socketPath?: string;
    readonly faultPoint?: FaultPoint;
  }): Driver;
  makeMachine(changes?: Partial<DiskSpec>): DiskSpec;
}

export async function makeDockerHost(socketPath: string): Promise<DockerHost> {
  const cacheDir = process.env['VOLARY_CACHE_DIR'] ?? join(homedir(), '.cache', 'volary');
  const images = await createImageSource({ cacheDir, guestPath: GUEST_PATH, log });
  const image = await images.ensure('base', { signal: new AbortController().signal, onProgress: () => undefined });
  if (image.boot !== 'direct') throw new Error('the image base is none of ours');
  const dataDir = await mkdtemp(join(tmpdir(), 'docker-data-'));
  const connectAgent: Parameters<typeof createDockerDriver>[0]['connectAgent'] = (connection) =>
    createAgentLink({ clock: createSystemClock(), log, randomBytes }, connection);
  const readAgent = () => readOwnAgent(image);
  return {
    image,
    dataDir,
    makeDriver: (given = {}) =>
      createDockerDriver({ dataDir, installationId: 'test', socketPath, log, connectAgent, readAgent, ...given }),
    makeMachine: (changes = {}) => ({ ...smallMachine(image), ...changes }),
    [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }),
  };
}

function smallMachine(image: DirectImage): DiskSpec {
  const spec = { ...VM_DEFAULTS, memoryMib: 192, diskGib: 2, network: { mode: 'none', egress: 'deny' } } as const;
  return { vmId: idFromUuid('vm', randomUUIDv7()), name: 'test', incarnation: 1, spec, labels: {}, image };
}

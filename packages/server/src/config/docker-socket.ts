import { resolve } from 'node:path';
import type { Settings } from './settings.ts';
import { invalidSetting } from './values.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';
const UNIX = 'unix://';

/**
 * Where the Docker Engine listens, absolute; null where it is to be left alone (`off`). What says so to Docker's own client counts where nothing
 * is said to us. Throws `invalid_argument` config.invalid.
 */
export function readDockerSocket(settings: Settings, env: Readonly<Record<string, string | undefined>>): string | null {
  const dockerSocket = settings.text('dockerSocket');
  if (dockerSocket === 'off') {
    if (settings.text('driver') !== 'docker') return null;
    throw invalidSetting('docker_socket', 'docker_socket may not be off where docker is the driver.');
  }
  if (dockerSocket !== null) return resolve(dockerSocket);
  const told = env['DOCKER_HOST'] ?? '';
  // An engine elsewhere is none of this host's.
  return told.startsWith(UNIX) ? resolve(told.slice(UNIX.length)) : DEFAULT_SOCKET;
}

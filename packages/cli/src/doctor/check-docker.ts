import { once } from 'node:events';
import { connect } from 'node:net';
import { type Check, type Finding, fine } from './check.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';
const UNIX = 'unix://';

/** Whether VMs could be containers here. Nobody needs that who has machines: nothing of it is a fault. */
export const checkDocker: Check = async ({ context: { env } }) => [await findDocker(env)];

export async function findDocker(env: Readonly<Record<string, string | undefined>>): Promise<Finding> {
  const told = env['DOCKER_HOST'] ?? '';
  const path = env['VOLARY_DOCKER_SOCKET'] ?? (told.startsWith(UNIX) ? told.slice(UNIX.length) : DEFAULT_SOCKET);
  const title = 'Docker Engine';
  if (path === 'off') return fine('docker', title, 'left alone; VMs are machines');
  const why = await whyNot(path);
  const detail = why === null ? `listens at ${path}: VMs may be containers` : `${why} at ${path}; VMs are machines`;
  return fine('docker', title, detail);
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'none',
  ECONNREFUSED: 'nobody listens',
  EACCES: 'this user may not connect',
};

async function whyNot(path: string): Promise<string | null> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return WORDS[code] ?? 'nothing that answers';
  } finally {
    socket.destroy();
  }
}

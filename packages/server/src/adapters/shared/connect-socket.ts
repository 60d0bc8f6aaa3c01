import { closeSync, constants, fstat, open } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { promisify } from 'node:util';

/** Linux's O_PATH, which Node does not name: the file itself is named, and nothing is opened. */
const O_PATH = 0o10000000;

/**
 * Connects to the unix socket at `path`, however long the path is. The socket is reached through a descriptor of its inode:
 * so the 108 bytes that an address may have do not matter, and whoever owns the directory cannot put a
 * symbolic link in our way.
 * Rejects with the system's error (`ENOENT`, `ECONNREFUSED`, `ECONNRESET`), with `ELOOP` or `ENOTSOCK` for what is no socket.
 * An error of the socket that comes before its new owner listens ends nothing but the socket: its end is heard all the same.
 */
export async function connectSocket(path: string): Promise<Socket> {
  const descriptor = await promisify(open)(path, O_PATH | constants.O_NOFOLLOW);
  try {
    const stat = await promisify(fstat)(descriptor);
    if (!stat.isSocket()) throw Object.assign(new Error('not a socket'), { code: 'ENOTSOCK' });
    return await connected(connect(`/proc/self/fd/${descriptor}`));
  } finally {
    // At once, and not by waiting: until its owner has it, nobody hears what happens to the socket.
    closeSync(descriptor);
  }
}

function connected(socket: Socket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('connect', () => resolve(socket));
  });
}

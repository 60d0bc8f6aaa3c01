/** Where the server listens: at one address with all its faces, and for some dialects at others, where nothing else is. */
import type { Server } from 'node:http';
import type { FastifyInstance } from 'fastify';
import type { MountedFace } from './api/face.ts';
import { ALL_FACES, dialectAlone } from './api/faces.ts';
import type { Config } from './config/config.ts';
import type { ListenAddress } from './config/listen.ts';
import { VolaryError } from './domain/errors.ts';

export interface Listeners {
  /** Of all faces. */
  readonly url: string;
  /** Of the dialects that have listeners of their own, by name. */
  readonly faces: Readonly<Record<string, string>>;
  readonly servers: readonly Server[];
  /** Closes them, each as it closes an app: what waits is ended, other answers get through. */
  close(): Promise<void>;
}

/** Throws `failed_precondition` server.cannot_listen; then nothing listens. */
export async function openListeners(
  { listen: main, dialects }: Pick<Config, 'listen' | 'dialects'>,
  create: (faces: readonly MountedFace[]) => FastifyInstance,
  urlAt: (address: ListenAddress) => string,
): Promise<Listeners> {
  const apis: FastifyInstance[] = [];
  const close = async (): Promise<void> => void (await Promise.all(apis.map((api) => api.close())));
  const open = async (mounted: readonly MountedFace[], address: ListenAddress): Promise<string> => {
    const api = create(mounted);
    apis.push(api);
    return urlAt(await listen(api, address));
  };
  try {
    const url = await open(ALL_FACES, main);
    const faces: Record<string, string> = {};
    for (const { dialect, address } of dialects) faces[dialect] = await open(dialectAlone(dialect), address);
    return { url, faces, servers: apis.map(({ server }) => server), close };
  } catch (error) {
    await close();
    throw error;
  }
}

const WHY_NOT: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there',
  EACCES: 'ports below 1024 are for root',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'that name cannot be looked up',
};

/** Resolves with the address as it has become: port 0 is any free one. */
async function listen(api: FastifyInstance, { host, port }: ListenAddress): Promise<ListenAddress> {
  try {
    await api.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    const why = WHY_NOT[String(code)] ?? (error instanceof Error ? error.message : String(error));
    throw new VolaryError(
      'failed_precondition',
      `Cannot listen on ${host}:${port}: ${why}. Choose another address with --listen.`,
      {
        reason: 'server.cannot_listen',
        cause: error,
      },
    );
  }
  const address = api.server.address();
  return { host, port: typeof address === 'object' && address !== null ? address.port : port };
}

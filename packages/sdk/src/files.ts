import type { FileEntry, FilePage, WrittenFile } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { allItems } from './pages.ts';
import { postNothingOnce, type Repeatable } from './post-once.ts';
import { bytesOf, type Transport } from './transport.ts';

export interface FileContent {
  readonly sizeBytes: number | null;
  /** Permission bits, 0 to 0o7777. */
  readonly mode: number;
  readonly modifiedAt: Date;
  /** To be read once. Stopping early closes the connection. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface WriteOptions extends Abortable {
  /** Permission bits, 0 to 0o7777. */
  readonly mode?: number;
  /** Make the folders above it. */
  readonly parents?: boolean;
}

/** Files inside a running VM. Paths are absolute. */
export interface FileClient {
  read(ref: string, path: string, options?: Abortable): Promise<FileContent>;
  /** Atomic: the file has its old content until the new one is complete. */
  write(
    ref: string,
    path: string,
    content: Uint8Array | string | AsyncIterable<Uint8Array>,
    options?: WriteOptions,
  ): Promise<WrittenFile>;
  stat(ref: string, path: string, options?: Abortable): Promise<FileEntry>;
  list(
    ref: string,
    path: string,
    query?: { readonly limit?: number; readonly cursor?: string },
    options?: Abortable,
  ): Promise<FilePage>;
  /** All pages, by name. */
  listAll(ref: string, path: string, options?: Abortable): AsyncIterable<FileEntry>;
  makeDirectory(ref: string, path: string, options?: Repeatable & { readonly parents?: boolean }): Promise<void>;
  remove(ref: string, path: string, options?: Abortable & { readonly recursive?: boolean }): Promise<void>;
  rename(ref: string, from: string, to: string, options?: Repeatable): Promise<void>;
}

export function createFileClient(transport: Transport): FileClient {
  const pathOf = (ref: string, verb = '') => `/v1/vms/${encodeURIComponent(ref)}/files${verb}`;
  const client: FileClient = {
    read: async (ref, path, { signal } = {}) => {
      const response = await transport.send({ method: 'GET', path: pathOf(ref), query: { path }, signal });
      return toContent(response, signal);
    },
    write: async (ref, path, content, { mode, parents, signal } = {}) => {
      const body = toBody(content);
      try {
        return await transport.json<WrittenFile>({
          method: 'PUT',
          path: pathOf(ref),
          query: { path, mode: mode === undefined ? undefined : `0${mode.toString(8).padStart(3, '0')}`, parents },
          bytes: body.bytes,
          signal,
        });
      } catch (error) {
        throw body.fault() ?? error;
      }
    },
    stat: (ref, path, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(ref, '/stat'), query: { path }, signal }),
    list: (ref, path, query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(ref, '/list'), query: { path, ...query }, signal }),
    listAll: (ref, path, options = {}) =>
      allItems((cursor) =>
        client.list(ref, path, cursor === undefined ? { limit: 200 } : { limit: 200, cursor }, options),
      ),
    makeDirectory: (ref, path, { parents = false, ...options } = {}) =>
      postNothingOnce(transport, { path: pathOf(ref, '/mkdir'), json: { path, parents }, ...options }),
    remove: async (ref, path, { recursive, signal } = {}) => {
      await transport.send({ method: 'DELETE', path: pathOf(ref), query: { path, recursive }, signal });
    },
    rename: (ref, from, to, options = {}) =>
      postNothingOnce(transport, { path: pathOf(ref, '/rename'), json: { from, to }, ...options }),
  };
  return client;
}

function toContent(response: Response, signal: AbortSignal | undefined): FileContent {
  const length = response.headers.get('content-length');
  return {
    sizeBytes: length === null ? null : Number(length),
    mode: Number.parseInt(response.headers.get('x-file-mode') ?? '0644', 8),
    modifiedAt: new Date(response.headers.get('last-modified') ?? 0),
    content: bytesOf(response, signal),
  };
}

interface Body {
  readonly bytes: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** What went wrong with the source; null if nothing did. The network would call it a broken connection. */
  readonly fault: () => unknown;
}

function toBody(content: Uint8Array | string | AsyncIterable<Uint8Array>): Body {
  if (typeof content === 'string') return { bytes: new TextEncoder().encode(content), fault: () => null };
  if (content instanceof Uint8Array) return { bytes: new Uint8Array(content), fault: () => null };
  return streamOf(content);
}

/** Pulls from the source only as fast as the network takes it. */
function streamOf(source: AsyncIterable<Uint8Array>): Body {
  const iterator = source[Symbol.asyncIterator]();
  let fault: unknown = null;
  const bytes = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      try {
        const { done, value } = await iterator.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        fault = error;
        throw error;
      }
    },
    cancel: async () => {
      await iterator.return?.();
    },
  });
  return { bytes, fault: () => fault };
}

import type { Duplex } from 'node:stream';
import type { GuestInfo, GuestLink } from '../../../ports/guest-link.ts';
import { attachToCommand, startCommand } from './executions.ts';
import { LINK_KEY_BYTES } from './handshake.ts';
import { identify } from './identify.ts';
import { LinkKeeper } from './link-keeper.ts';
import { MODE_AS_IT_IS } from './messages/files.ts';
import * as requests from './requests.ts';
import type { SessionDeps } from './session.ts';
import { readGuestFile } from './streams/read.ts';
import { connectInGuest } from './streams/tcp.ts';
import { watchGuestFiles } from './streams/watch.ts';
import { writeGuestFile } from './streams/write.ts';
import { superviseWorkload } from './workloads.ts';

/** What a link is made with: the time, a log, and a source of unpredictable bytes. */
export type AgentLinkDeps = SessionDeps;

export interface AgentConnection {
  /**
   * Connects the byte pipe to the agent, anew after each loss; the pipe is the link's from then on. A rejection with
   * `failed_precondition` says that there is no machine any more, and closes the link; any other error means "try again".
   */
  readonly openTransport: (options: { readonly signal: AbortSignal }) => Promise<Duplex>;
  /** The VM's own, 16 bytes: the agent listens to no other. */
  readonly linkKey: Uint8Array;
  /** Ends the wait for the agent's first answer; later it means nothing. */
  readonly signal: AbortSignal;
}

/**
 * A link to the agent at the other end of a byte pipe, as soon as it has answered. It keeps itself up: when the pipe or
 * the session is lost it begins another, and whatever can go on does. A silent agent is waited for.
 * Rejects with the signal's reason, with what closed it (`failed_precondition`), or `unsupported` guest.protocol_version.
 */
export async function createAgentLink(deps: AgentLinkDeps, connection: AgentConnection): Promise<GuestLink> {
  if (connection.linkKey.length !== LINK_KEY_BYTES) throw new RangeError(`a link key has ${LINK_KEY_BYTES} bytes`);
  const keeper = new LinkKeeper(deps, connection);
  await keeper.open(connection.signal);
  return describe(keeper, deps.clock);
}

function describe(keeper: LinkKeeper, clock: AgentLinkDeps['clock']): GuestLink {
  const { table, pings } = keeper;
  return {
    get info(): GuestInfo {
      return keeper.info;
    },
    closed: keeper.closed,
    ping: ({ timeoutMs }) => pings.ping(timeoutMs),
    exec: (id, request, options) => startCommand(table, id, request, options),
    attach: (id, kept, options) => attachToCommand(table, id, kept, options),
    supervise: (id, request, kept, options) =>
      superviseWorkload({ table, info: keeper.info }, id, request, kept, options),
    readFile: async (path, { offset = 0, length, ...options }) =>
      readGuestFile(table, { path: requests.checkPath(path), offset, length: length ?? null }, options),
    writeFile: async (path, content, { mode = MODE_AS_IT_IS, makeParents = false, ...options }) =>
      writeGuestFile(table, { path: requests.checkPath(path), mode, makesParents: makeParents }, content, options),
    list: (path, options) => requests.listFiles(table, path, options),
    stat: (path, options) => requests.statFile(table, path, options),
    makeDirectory: (path, options) => requests.makeDirectory(table, path, options),
    remove: (path, options) => requests.removeFile(table, path, options),
    rename: (from, to, options) => requests.renameFile(table, from, to, options),
    watch: (path, options) => watchGuestFiles(table, path, options),
    connect: (target, options) => connectInGuest(table, target, options),
    stats: (options) =>
      requests.readStats(table, { ...options, hasCounts: keeper.info.capabilities.includes('counts') }),
    identify: (identity, options) => identify({ table, clock }, identity, options),
    shutDown: (how, options) => requests.shutDown(table, how, options),
    freeze: (options) => requests.freeze(table, options),
    thaw: (options) => requests.thaw(table, options),
    setTools: (disk, tools, options) => requests.setTools(table, { disk, tools }, options),
    awaitTools: (options) => requests.awaitTools(table, options),
    grow: (options) => requests.grow(table, options),
    prepare: async (options) => {
      await requests.prepare(table, options);
      // Before a SYNC of ours could make our key the agent's again.
      await keeper.dispose();
    },
    [Symbol.asyncDispose]: () => keeper.dispose(),
  };
}

import { createPinoLog } from '../../adapters/system/pino-log.ts';
import { createSystemIds } from '../../adapters/system/system-ids.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { EngineConfig } from '../../engine/deps.ts';
import { createInstallation } from '../../engine/installation.test-kit.ts';
import type { Clock } from '../../ports/clock.ts';
import type { LogStore } from '../../ports/log-store.ts';
import type { Store } from '../../ports/store.ts';
import type { TrustedProxies } from '../client-address.ts';
import type { ApiLimits } from '../limits.ts';
import type { ApiTls } from '../listener.ts';
import { createApi } from '../server.ts';

/** A server within this process, for what only other limits than the usual ones show in time. */
export interface RunningApi extends AsyncDisposable {
  readonly url: string;
  readonly store: Store;
  readonly logs: LogStore;
  /** Adds events to the log, and tells of it. */
  append(...events: readonly NewEvent[]): Promise<void>;
  /** The sequence of the last event. */
  last(): Promise<number>;
  /** Stops answering, as a server that is asked to stop does. */
  close(): Promise<void>;
}

/** A line of the log of a fault of the server. */
export interface LoggedFault {
  readonly message: string;
  readonly route: string;
  readonly requestId: string;
  readonly error: { readonly reason: string; readonly cause: { readonly message: string } };
}

export async function runApi(options: {
  readonly limits?: Partial<ApiLimits>;
  readonly engine?: Partial<EngineConfig['limits']>;
  readonly allowedOrigins?: readonly string[];
  readonly proxies?: TrustedProxies;
  readonly tls?: ApiTls;
  readonly devAuth?: boolean;
  readonly isLoopbackOpen?: boolean;
  /** The time by which tokens hold, among others; default: this machine's. */
  readonly clock?: Clock;
  /** Puts something between the engine and its database. */
  readonly wrapStore?: (store: Store) => Store;
  /** Where faults of the server are expected: what its log says of them. Default: that is printed. */
  readonly faults?: LoggedFault[];
}): Promise<RunningApi> {
  const installation = createInstallation({
    settings: options.engine ?? {},
    ...(options.clock === undefined ? {} : { clock: options.clock }),
  });
  const { engine, store, bus, logs } = await installation.start(undefined, undefined, undefined, options.wrapStore);
  const { faults = null } = options;
  const write = (line: string): void => {
    if (faults === null) process.stderr.write(line);
    else faults.push(JSON.parse(line));
  };
  const log = createPinoLog({ level: 'error', stream: { write } });
  const { limits = {}, allowedOrigins = [], proxies, devAuth = false, isLoopbackOpen = true, tls = null } = options;
  const api = createApi({
    engine,
    log,
    ids: createSystemIds(),
    version: 'test',
    build: { commit: 'abc123', date: '2025-01-15T00:00:00.000Z', errors: '# Errors\n' },
    limits,
    allowedOrigins,
    devAuth,
    isLoopbackOpen,
    tls,
    ...(proxies === undefined ? {} : { proxies }),
  });
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    store,
    logs,
    async append(...events) {
      await store.events.append(events);
      bus.publish('events', '');
    },
    last: async () => (await store.events.bounds()).last,
    close: () => api.close(),
    async [Symbol.asyncDispose]() {
      await api.close();
      await installation[Symbol.asyncDispose]();
    },
  };
}

import type {
  AcceptedOperation,
  CreateVmRequest,
  Fork,
  ForkVmRequest,
  RestoreVmRequest,
  StopVmRequest,
  UpdateVmRequest,
  Vm,
  VmConfigState,
  VmHealth,
  VmPage,
  VmPhase,
  VmPlaces,
  VmRevisionConfig,
  VmRevisionPage,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { ifMatch } from './if-match.ts';
import { allItems } from './pages.ts';
import { postJsonOnce, type Repeatable } from './post-once.ts';
import { createBackoff } from './retry.ts';
import { bytesOf, type Transport } from './transport.ts';

const OUTAGE_MS = 60_000;

export interface VmQuery {
  readonly limit?: number;
  readonly cursor?: string;
  readonly phase?: readonly VmPhase[];
  readonly name?: string;
  /** By labels: `a=b,c!=d,e in (f,g),!h`. */
  readonly selector?: string;
  readonly driver?: readonly string[];
  /** A part of the name or of the id, in any case. */
  readonly search?: string;
}

export interface ChangeOptions extends Repeatable {
  /** Change it only if its revision is still that of this VM; else a `VolaryApiError` with status 412. */
  readonly ifUnchangedSince?: Pick<Vm, 'id' | 'revision'>;
}

export interface DeleteOptions extends Omit<ChangeOptions, 'idempotencyKey'> {
  /** Its root and its own disks become volumes, which the result of the operation names. */
  readonly preserveVolumes?: boolean;
  /** How long a guest that runs may take to shut down; default: its machine is ended at once. */
  readonly graceMs?: number;
  /** False: refused (409 vm.still_running) where it has a machine. Default: true. */
  readonly isForced?: boolean;
}

export interface UpdateOptions extends Omit<ChangeOptions, 'idempotencyKey'> {
  /** `live` (the default): a machine that runs is given what it can be given. `restart`: it is restarted, if it lacks anything. */
  readonly apply?: 'live' | 'restart' | 'next-start';
}

export interface ConsoleChunk {
  /** Of the first byte. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** VMs, each by its id or name. Changes resolve as soon as they are accepted: `operations.finish` tells how they end. */
export interface VmClient {
  create(request?: CreateVmRequest, options?: Repeatable): Promise<AcceptedOperation>;
  get(ref: string, options?: Abortable): Promise<Vm>;
  /** Where it lies on its host; paths are null for those who may not see that. */
  locate(ref: string, options?: Abortable): Promise<VmPlaces>;
  list(query?: VmQuery, options?: Abortable): Promise<VmPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<VmQuery, 'cursor'>, options?: Abortable): AsyncIterable<Vm>;
  start(ref: string, options?: ChangeOptions): Promise<AcceptedOperation>;
  stop(ref: string, request?: StopVmRequest, options?: ChangeOptions): Promise<AcceptedOperation>;
  restart(ref: string, request?: StopVmRequest, options?: ChangeOptions): Promise<AcceptedOperation>;
  pause(ref: string, options?: ChangeOptions): Promise<AcceptedOperation>;
  /**
   * Changes how it is set. The VM tells what its machine has not of it: what is under way is `operation_id`, `restart_required` what
   * takes a restart.
   */
  update(ref: string, change: UpdateVmRequest, options?: UpdateOptions): Promise<Vm>;
  /** How it is set. */
  config(ref: string, options?: Abortable): Promise<VmConfigState>;
  /** Its changes, newest first. */
  configHistory(
    ref: string,
    query?: { readonly limit?: number; readonly cursor?: string },
    options?: Abortable,
  ): Promise<VmRevisionPage>;
  /** How it was set. */
  configRevision(ref: string, number: number, options?: Abortable): Promise<VmRevisionConfig>;
  /** Sets it as an earlier revision had it. */
  rollBack(ref: string, revision: number, options?: UpdateOptions): Promise<VmConfigState>;
  /** Saves its memory to disk and frees it; `resume` and `start` have it go on. */
  suspend(ref: string, options?: ChangeOptions): Promise<AcceptedOperation>;
  /** Of a paused or a suspended one. */
  resume(ref: string, options?: ChangeOptions): Promise<AcceptedOperation>;
  /** VMs that go on where this one is now, with what became of each. */
  fork(ref: string, request?: ForkVmRequest, options?: Repeatable): Promise<Fork>;
  /** Its memory and disk become those of the snapshot. */
  restore(ref: string, request: RestoreVmRequest, options?: ChangeOptions): Promise<AcceptedOperation>;
  delete(ref: string, options?: DeleteOptions): Promise<AcceptedOperation>;
  /**
   * Resolves with the VM when it is in this phase, or with null when it is gone and `absent` was waited for. Throws
   * `VolaryApiError` with code `deadline_exceeded` when the time (at most 300 s) is over.
   */
  wait(
    ref: string,
    wanted: {
      readonly phase: VmPhase | 'absent';
      readonly incarnation?: number;
      readonly health?: VmHealth;
      readonly timeoutSeconds?: number;
    },
    options?: Abortable,
  ): Promise<Vm | null>;
  /** What the guest wrote to its console. `follow` goes on with what comes, through lost connections, until aborted. */
  console(
    ref: string,
    options?: Abortable & { readonly offset?: number; readonly follow?: boolean },
  ): AsyncIterable<ConsoleChunk>;
}

export function createVmClient(transport: Transport): VmClient {
  const pathOf = (ref: string, verb?: string) =>
    `/v1/vms/${encodeURIComponent(ref)}${verb === undefined ? '' : `/${verb}`}`;
  const change = (ref: string, verb: string, json: unknown, options: ChangeOptions = {}) =>
    postJsonOnce<AcceptedOperation>(transport, {
      path: pathOf(ref, verb),
      json,
      idempotencyKey: options.idempotencyKey,
      ...precondition(options),
    });

  const client: VmClient = {
    create: (request = {}, options = {}) => postJsonOnce(transport, { path: '/v1/vms', json: request, ...options }),
    get: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref), signal }),
    locate: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref, 'places'), signal }),
    list: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/vms', query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
    start: (ref, options) => change(ref, 'start', {}, options),
    stop: (ref, request = {}, options = {}) => change(ref, 'stop', request, options),
    restart: (ref, request = {}, options = {}) => change(ref, 'restart', request, options),
    pause: (ref, options) => change(ref, 'pause', {}, options),
    update: (ref, change, options = {}) =>
      transport.json({
        method: 'PATCH',
        path: pathOf(ref),
        json: change,
        ...applied(options),
        ...precondition(options),
      }),
    config: (ref, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(ref, 'config'), signal }),
    configHistory: (ref, query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(ref, 'config/history'), query: { ...query }, signal }),
    configRevision: (ref, number, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(ref, `config/revisions/${number}`), signal }),
    rollBack: (ref, revision, options = {}) =>
      transport.json({
        ...{ method: 'POST', path: pathOf(ref, 'config/rollback'), json: { revision } },
        ...applied(options),
        ...precondition(options),
      }),
    suspend: (ref, options) => change(ref, 'suspend', {}, options),
    resume: (ref, options) => change(ref, 'resume', {}, options),
    fork: (ref, request = {}, options = {}) =>
      postJsonOnce(transport, { path: pathOf(ref, 'fork'), json: request, ...options }),
    restore: (ref, request, options = {}) => change(ref, 'restore', request, options),
    delete: (ref, { preserveVolumes, graceMs, isForced, ...options } = {}) => {
      const query = {
        ...(preserveVolumes === undefined ? {} : { preserve_volumes: preserveVolumes }),
        ...(graceMs === undefined ? {} : { grace_ms: graceMs }),
        ...(isForced === undefined ? {} : { force: isForced }),
      };
      return transport.json({ method: 'DELETE', path: pathOf(ref), query, ...precondition(options) });
    },
    wait: async (ref, { phase, incarnation, health, timeoutSeconds }, { signal } = {}) => {
      const query = { phase, incarnation, health, timeout: timeoutSeconds };
      const response = await transport.send({ method: 'GET', path: pathOf(ref, 'wait'), query, signal });
      if (response.status === 204) return null;
      const vm: Vm = JSON.parse(await response.text());
      return vm;
    },
    console: (ref, options = {}) => readConsole(transport, pathOf(ref, 'console'), options),
  };
  return client;
}

function applied({ apply }: UpdateOptions) {
  return { query: { apply } };
}

function precondition({ ifUnchangedSince, signal }: ChangeOptions) {
  const seen = ifUnchangedSince && { id: ifUnchangedSince.id, version: ifUnchangedSince.revision };
  return { ...ifMatch(seen), signal };
}

async function* readConsole(
  transport: Transport,
  path: string,
  { offset: from = 0, follow = false, signal }: Abortable & { readonly offset?: number; readonly follow?: boolean },
): AsyncGenerator<ConsoleChunk> {
  const backoff = createBackoff({ giveUpAfterMs: follow ? OUTAGE_MS : 0 });
  let offset = from;
  for (;;) {
    try {
      const response = await transport.send({ method: 'GET', path, query: { offset, follow }, signal });
      offset = Number(response.headers.get('x-console-offset') ?? offset);
      for await (const bytes of bytesOf(response, signal)) {
        backoff.reset();
        yield { offset, bytes };
        offset += bytes.length;
      }
      return;
    } catch (error) {
      await backoff.afterFault(error, signal);
    }
  }
}

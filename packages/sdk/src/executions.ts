import type { ExecRequest, Execution, ExecutionPage, TtySize } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { concatenate } from './bytes.ts';
import { VolaryConnectionError } from './errors.ts';
import { type ExecUpdate, execEventsOf, followExecution, type OutputChunk } from './exec-stream.ts';
import { postJsonOnce, postNothingOnce, postOnce, type Repeatable } from './post-once.ts';
import { createStdinWriter, type StdinWriter } from './stdin.ts';
import { bytesOf, type Transport } from './transport.ts';

export type CommandRequest = Omit<ExecRequest, 'detach'>;

/** A command that runs in a VM, as we see it. Letting go of it does not end the command. */
export interface ExecSession {
  /** As it was when we began to look. */
  readonly execution: Execution;
  /** To be read once. It has to be read for `exit` to resolve. */
  readonly output: AsyncIterable<OutputChunk>;
  /** Resolves with the finished execution after the last byte of output was read; rejects when its end cannot be learned. */
  readonly exit: Promise<Execution>;
  /** Only with `stdin: true`. */
  readonly stdin: StdinWriter;
  /** A name such as `SIGTERM`. To the command and its children. */
  signal(name: string): Promise<void>;
  resize(size: TtySize): Promise<void>;
}

export interface FinishedCommand {
  readonly execution: Execution;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

export interface ExecutionClient {
  /** Starts a command, at most once, and follows it. */
  start(ref: string, request: CommandRequest, options?: Repeatable): Promise<ExecSession>;
  /** Starts a command and gathers its output until it has ended. */
  run(ref: string, request: CommandRequest, options?: Repeatable): Promise<FinishedCommand>;
  /** Starts a command that runs on by itself. */
  detach(ref: string, request: CommandRequest, options?: Repeatable): Promise<Execution>;
  /** Follows a command that was started before, from the first byte of its output that is kept. */
  attach(id: string, options?: Abortable): Promise<ExecSession>;
  get(id: string, options?: Abortable): Promise<Execution>;
  list(
    ref: string,
    query?: { readonly limit?: number; readonly cursor?: string },
    options?: Abortable,
  ): Promise<ExecutionPage>;
  /** Kept bytes of one stream, from an offset on. */
  readOutput(
    id: string,
    query: { readonly stream: 'stdout' | 'stderr'; readonly from?: number; readonly follow?: boolean },
    options?: Abortable,
  ): AsyncIterable<Uint8Array>;
  signal(id: string, name: string, options?: Repeatable): Promise<void>;
  /** Ends it: SIGTERM, and SIGKILL after the grace (default 5 s). Resolves with the execution when it is over. */
  cancel(id: string, options?: Repeatable & { readonly graceMs?: number }): Promise<Execution>;
  resize(id: string, size: TtySize, options?: Abortable): Promise<void>;
}

export function createExecutionClient(transport: Transport): ExecutionClient {
  const execPath = (ref: string) => `/v1/vms/${encodeURIComponent(ref)}/exec`;
  const pathOf = (id: string) => `/v1/executions/${encodeURIComponent(id)}`;
  const client: ExecutionClient = {
    start: (ref, request, options = {}) => start(transport, client, { path: execPath(ref), json: request, ...options }),
    run: async (ref, request, options) => await gather(await client.start(ref, request, options)),
    detach: (ref, request, options = {}) =>
      postJsonOnce(transport, { path: execPath(ref), json: { ...request, detach: true }, ...options }),
    attach: async (id, { signal } = {}) => {
      const execution = await client.get(id, { signal });
      return toSession(transport, client, execution, followExecution(transport, id, null, signal), signal);
    },
    get: (id, { signal } = {}) => transport.json({ method: 'GET', path: pathOf(id), signal }),
    list: (ref, query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: `/v1/vms/${encodeURIComponent(ref)}/executions`, query, signal }),
    readOutput: async function* (id, query, { signal } = {}) {
      const response = await transport.send({ method: 'GET', path: `${pathOf(id)}/output`, query, signal });
      yield* bytesOf(response, signal);
    },
    signal: (id, name, options = {}) =>
      postNothingOnce(transport, { path: `${pathOf(id)}/signal`, json: { signal: name }, ...options }),
    cancel: (id, { graceMs, ...options } = {}) =>
      postJsonOnce(transport, {
        path: `${pathOf(id)}/cancel`,
        json: graceMs === undefined ? {} : { grace_ms: graceMs },
        ...options,
      }),
    resize: async (id, size, { signal } = {}) => {
      await transport.send({ method: 'POST', path: `${pathOf(id)}/resize`, json: size, signal });
    },
  };
  return client;
}

async function start(
  transport: Transport,
  client: ExecutionClient,
  post: Repeatable & { readonly path: string; readonly json: CommandRequest },
): Promise<ExecSession> {
  const { signal } = post;
  const { events, execution } = await postOnce(transport, post, async (response) => {
    const events = execEventsOf(response, signal);
    const first = await events.next();
    if (first.done === true || first.value.type !== 'started')
      throw new VolaryConnectionError(post.path, 'the stream ended before it began');
    return { events, execution: first.value.execution };
  });
  return toSession(transport, client, execution, followExecution(transport, execution.id, events, signal), signal);
}

function toSession(
  transport: Transport,
  client: ExecutionClient,
  execution: Execution,
  updates: AsyncIterable<ExecUpdate>,
  signal: AbortSignal | undefined,
): ExecSession {
  const exit = Promise.withResolvers<Execution>();
  // Whoever reads `output` sees the same error there; `exit` must not take the process down when nobody waits for it.
  exit.promise.catch(() => undefined);
  return {
    execution,
    output: chunksOf(updates, exit),
    exit: exit.promise,
    stdin: createStdinWriter(transport, execution.id, signal),
    signal: (name) => client.signal(execution.id, name, { signal }),
    resize: (size) => client.resize(execution.id, size, { signal }),
  };
}

async function* chunksOf(
  updates: AsyncIterable<ExecUpdate>,
  exit: PromiseWithResolvers<Execution>,
): AsyncGenerator<OutputChunk> {
  try {
    for await (const update of updates) {
      if (update.kind === 'completed') exit.resolve(update.execution);
      else yield update.chunk;
    }
  } catch (error) {
    exit.reject(error);
    throw error;
  }
}

async function gather(session: ExecSession): Promise<FinishedCommand> {
  const parts: Record<OutputChunk['stream'], Uint8Array[]> = { stdout: [], stderr: [] };
  for await (const { stream, bytes } of session.output) parts[stream].push(bytes);
  return { execution: await session.exit, stdout: concatenate(parts.stdout), stderr: concatenate(parts.stderr) };
}

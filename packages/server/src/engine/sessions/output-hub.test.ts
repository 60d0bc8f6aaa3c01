import { describe, expect, it } from 'vitest';
import type { Execution } from '../../domain/execution/execution.ts';
import { idFromUuid } from '../../domain/ids.ts';
import type { ExecutionUpdate } from '../apis/execution-api.ts';
import { createOutputHub, type OutputReader } from './output-hub.ts';

const uuid = '01890a5d-ac96-774b-bcce-b302099a8057';
const execution: Execution = {
  id: idFromUuid('exec', uuid),
  vmId: idFromUuid('vm', uuid),
  incarnation: 1,
  request: { argv: ['true'], env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0 },
  state: 'exited',
  exitCode: 0,
  signal: null,
  timedOut: false,
  error: null,
  stdoutBytes: 0,
  stderrBytes: 0,
  isTruncated: false,
  isWorkload: false,
  principal: 'admin',
  owner: 'admin',
  createdAt: 0,
  startedAt: 0,
  completedAt: 0,
};
const END: ExecutionUpdate = { kind: 'completed', execution };

function chunk(offset: number, size: number) {
  return { stream: 'stdout', offset, bytes: new Uint8Array(size) } as const;
}

async function drain(reader: OutputReader): Promise<readonly number[]> {
  const offsets: number[] = [];
  for await (const update of reader.updates) if (update.kind === 'output') offsets.push(update.offset);
  return offsets;
}

describe('the output hub', () => {
  it('gives every reader what comes after it subscribed, and says from where', async () => {
    const hub = createOutputHub({ stdout: 0, stderr: 0 });
    const { signal } = new AbortController();
    const early = hub.subscribe(signal);
    hub.publish(chunk(0, 10));
    const late = hub.subscribe(signal);
    hub.publish(chunk(10, 5));
    hub.end(END);

    expect(late.from).toEqual({ stdout: 10, stderr: 0 });
    expect(await drain(early)).toEqual([0, 10]);
    expect(await drain(late)).toEqual([10]);
  });

  it('tells one that comes after the end that it is over', async () => {
    const hub = createOutputHub({ stdout: 0, stderr: 0 });
    hub.end(END);

    expect(await drain(hub.subscribe(new AbortController().signal))).toEqual([]);
  });

  it('has room again when the slow reader reads, or leaves', async () => {
    const hub = createOutputHub({ stdout: 0, stderr: 0 });
    const slow = new AbortController();
    hub.subscribe(slow.signal);
    const reader = hub.subscribe(new AbortController().signal);
    hub.publish(chunk(0, 2 * 1024 * 1024));
    let hasRoom = false;
    const room = hub.room().then(() => {
      hasRoom = true;
    });

    const iterator = reader.updates[Symbol.asyncIterator]();
    await iterator.next();
    expect(hasRoom).toBe(false);
    slow.abort();
    await room;
    expect(hasRoom).toBe(true);
  });

  it('lets a reader go that is waiting when its signal is aborted', async () => {
    const hub = createOutputHub({ stdout: 0, stderr: 0 });
    const leaving = new AbortController();
    const done = drain(hub.subscribe(leaving.signal));
    leaving.abort();

    expect(await done).toEqual([]);
  });
});

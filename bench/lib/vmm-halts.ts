import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/**
 * What a VMM tells of when it stops and continues its processors, to a monitor of its own: QEMU sends STOP once they stand, and RESUME before they go, with
 * the host's time in microseconds. A guest cannot tell: its clocks stand as well.
 */
export interface VmmHalts extends Disposable {
  /** How long the processors stood in all since this was asked last, milliseconds. Throws if they never did, or still do. */
  takeMs(): number;
}

/** Listens on the monitor at this path, which nobody else may be connected to. */
export async function watchHalts(monitorPath: string): Promise<VmmHalts> {
  const socket: Socket = createConnection(monitorPath);
  await once(socket, 'connect');
  const lines = createInterface({ input: socket });
  socket.write('{"execute":"qmp_capabilities"}\n');
  let stoppedAtMs: number | null = null;
  let haltedMs = 0;
  lines.on('line', (line) => {
    const told = parseEvent(line);
    if (told?.event === 'STOP') stoppedAtMs = told.atMs;
    if (told?.event !== 'RESUME' || stoppedAtMs === null) return;
    haltedMs += told.atMs - stoppedAtMs;
    stoppedAtMs = null;
  });
  return {
    takeMs() {
      if (stoppedAtMs !== null) throw new Error('the VM is still halted');
      if (haltedMs === 0) throw new Error('the VM was not halted');
      const taken = haltedMs;
      haltedMs = 0;
      return taken;
    },
    [Symbol.dispose]: () => {
      lines.close();
      socket.destroy();
    },
  };
}

const EVENT = /^\{"timestamp": \{"seconds": (\d+), "microseconds": (\d+)\}, "event": "(\w+)"/;

function parseEvent(line: string): { readonly event: string; readonly atMs: number } | null {
  const [, seconds, microseconds, event] = EVENT.exec(line) ?? [];
  if (event === undefined) return null;
  return { event, atMs: Number(seconds) * 1000 + Number(microseconds) / 1000 };
}

import { VolaryError } from '../../../domain/errors.ts';
import type { MachineEnd } from '../../../ports/driver.ts';
import type { Log } from '../../../ports/log.ts';
import { type ConsoleLog, createConsoleLog } from '../../shared/console-log.ts';
import { CONSOLE_DEVICE, CONSOLE_RING_BYTES } from './command-line.ts';
import { connectQmp } from './connect-qmp.ts';
import { endOf, isHint } from './machine-end.ts';
import { qmpClosed } from './qmp/errors.ts';
import type { QmpClient } from './qmp/qmp-client.ts';
import { boundStderr } from './stderr-log.ts';
import type { VmDirectory } from './vm-directory.ts';

/** What QEMU hands out of the ring in one answer, bytes. */
const DRAIN_BYTES = 64 * 1024;
/** The ring is emptied this often while it has something in it, and less and less often while it has not. */
const DRAIN_FIRST_MS = 1_000;
const DRAIN_LAST_MS = 15_000;
/** A panic with its stack and registers is well below. */
const TAIL_BYTES = 16 * 1024;

/** What a monitor needs to know of its machine, and whom it tells. */
export interface VmMonitorDeps {
  readonly directory: VmDirectory;
  readonly uuid: string;
  readonly log: Log;
  /** Something may have changed. */
  readonly onHint: () => void;
  /** An end was seen whose cause cannot be asked for later. */
  readonly onEnd: (end: MachineEnd) => void;
}

/**
 * Our side of one running VMM: a QMP connection that is made when it is first needed and made anew after it was lost,
 * the hints its events give, and the transfer of the console out of the VMM's ring. It holds nothing that a new one,
 * in a new process, could not find out again.
 */
export class VmMonitor implements AsyncDisposable {
  readonly console: ConsoleLog;
  readonly #deps: VmMonitorDeps;
  #connecting: Promise<QmpClient> | null = null;
  #draining: Promise<number> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #seenEnd: MachineEnd | null = null;
  #isDisposed = false;

  constructor(deps: VmMonitorDeps) {
    this.#deps = deps;
    this.console = createConsoleLog(deps.directory.path);
  }

  /** The end that an event told of, if one did while we listened. */
  get seenEnd(): MachineEnd | null {
    return this.#seenEnd;
  }

  /** The connection. Throws `unavailable` driver.qmp_*. */
  client(): Promise<QmpClient> {
    if (this.#isDisposed) return Promise.reject(qmpClosed());
    this.#connecting ??= this.#connect().catch((error: unknown) => {
      this.#connecting = null;
      throw error;
    });
    return this.#connecting;
  }

  /** True once the VMM answers on a monitor. */
  async isReachable(): Promise<boolean> {
    try {
      await this.client();
      return true;
    } catch (error) {
      if (error instanceof VolaryError && error.code === 'unavailable') return false;
      throw error;
    }
  }

  /** Takes what the console has said since, and keeps it. Returns how many bytes that was. */
  drainConsole(): Promise<number> {
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null;
    });
    return this.#draining;
  }

  /** The last lines that the console has said since `offset`, after draining it. */
  async consoleTail(offset: number): Promise<string> {
    await this.drainConsole();
    return this.console.tail(offset, TAIL_BYTES);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const client = await this.#connecting?.catch(() => null);
    await client?.[Symbol.asyncDispose]();
    await this.#draining?.catch(() => 0);
  }

  async #connect(): Promise<QmpClient> {
    const client = await connectQmp(this.#deps.directory, this.#deps.uuid);
    void this.#listen(client);
    void client.closed.then(() => {
      this.#connecting = null;
      if (this.#timer !== null) clearTimeout(this.#timer);
      if (!this.#isDisposed) this.#deps.onHint();
    });
    this.#drainAfter(DRAIN_FIRST_MS);
    return client;
  }

  async #listen(client: QmpClient): Promise<void> {
    for await (const event of client.events()) {
      const end = endOf(event);
      if (end !== null) {
        this.#seenEnd = end;
        this.#deps.onEnd(end);
      }
      if (isHint(event)) this.#deps.onHint();
    }
  }

  async #drain(): Promise<number> {
    const client = await this.client();
    let total = 0;
    while (total < CONSOLE_RING_BYTES) {
      const data = await client.execute('ringbuf-read', {
        device: CONSOLE_DEVICE,
        size: DRAIN_BYTES,
        format: 'base64',
      });
      const bytes = Buffer.from(data, 'base64');
      await this.console.append(bytes);
      total += bytes.length;
      if (bytes.length < DRAIN_BYTES) break;
    }
    return total;
  }

  #drainAfter(delayMs: number): void {
    if (this.#isDisposed) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#drainInBackground(delayMs), delayMs).unref();
  }

  async #drainInBackground(delayMs: number): Promise<void> {
    try {
      const count = await this.drainConsole();
      await boundStderr(this.#deps.directory.stderrPath);
      this.#drainAfter(count > 0 ? DRAIN_FIRST_MS : Math.min(delayMs * 2, DRAIN_LAST_MS));
    } catch (error) {
      // The machine may be ending. Whoever asks next connects anew, and that sets this timer again.
      this.#deps.log.debug('could not take the console out of the VMM', { error });
    }
  }
}

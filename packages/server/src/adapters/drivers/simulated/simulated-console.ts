import type { KeptVm } from './kept-vm.ts';

const CONSOLE_BYTES = 256 * 1024;

/** What the machines of a VM have printed, the last of it. */
export class SimulatedConsole {
  #bytes = Buffer.alloc(0);
  #start = 0;

  append(bytes: Uint8Array): void {
    const whole = Buffer.concat([this.#bytes, bytes]);
    const dropped = Math.max(0, whole.length - CONSOLE_BYTES);
    this.#bytes = whole.subarray(dropped);
    this.#start += dropped;
  }

  /** The bytes from an offset on, as far as they are kept; null when there are none. */
  read(offset: number): { readonly offset: number; readonly bytes: Uint8Array } | null {
    const from = Math.max(offset, this.#start);
    const bytes = this.#bytes.subarray(from - this.#start);
    return bytes.length === 0 ? null : { offset: from, bytes: Uint8Array.from(bytes) };
  }

  get kept(): KeptVm['console'] {
    return { offset: this.#start, bytes: this.#bytes.toString('base64') };
  }

  restore({ offset, bytes }: KeptVm['console']): void {
    this.#bytes = Buffer.from(bytes, 'base64');
    this.#start = offset;
  }
}

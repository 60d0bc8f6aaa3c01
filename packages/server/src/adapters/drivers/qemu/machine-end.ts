import type { MachineEnd } from '../../../ports/driver.ts';
import type { QmpEvent } from './qmp/commands.ts';

/** What QEMU says of its machine (`query-status`), in our words. */
export type RunState =
  | { readonly kind: 'running' | 'paused' }
  | { readonly kind: 'ended'; readonly end: MachineEnd }
  | { readonly kind: 'other'; readonly status: string };

/** The kernel's own last line before it asks the machine to reset; it prints it however quiet it was told to be. */
const REBOOT_LINE = 'reboot: Restarting system';
const POWER_OFF_LINE = 'reboot: Power down';
const PANIC_LINE = /Kernel panic - not syncing: .*/g;

const HINTS: readonly string[] = [
  ...['SHUTDOWN', 'STOP', 'RESUME', 'SUSPEND', 'WAKEUP', 'RESET'],
  ...['GUEST_PANICKED', 'BLOCK_IO_ERROR'],
];

/** True for a status that a machine does not come back from without a reset. */
export function isOver(status: string): boolean {
  return status === 'shutdown' || status === 'guest-panicked' || status === 'internal-error';
}

/**
 * The state behind a status. `seen`: the end that an event told of; `consoleTail`: the last lines of this life, for the
 * states that mean its end.
 */
export function runStateOf(status: string, seen: MachineEnd | null, consoleTail: string): RunState {
  switch (status) {
    case 'running':
      return { kind: 'running' };
    case 'paused':
    case 'prelaunch':
    // It takes up the state that it is restored from.
    case 'inmigrate':
      return { kind: 'paused' };
    // Its guest did that, as those could that were started before it was forbidden. `setGoing` knows how to wake it.
    case 'suspended':
      return { kind: 'paused' };
    case 'shutdown':
      return {
        kind: 'ended',
        end: endOfShutdown(seen, consoleTail),
      };
    case 'guest-panicked':
      return { kind: 'ended', end: { cause: 'panicked', detail: panicLine(consoleTail) } };
    case 'io-error':
      return {
        kind: 'ended',
        end: { cause: 'io-error', detail: 'The disk that holds the VM is full or does not work.' },
      };
    case 'internal-error':
      return {
        kind: 'ended',
        end: { cause: 'vmm-died', detail: 'The virtual machine monitor met an internal error and halted the machine.' },
      };
    default:
      return { kind: 'other', status };
  }
}

/** How the machine ended, as far as this event tells what its status will not tell later; else null. */
export function endOf(event: QmpEvent): MachineEnd | null {
  if (event.event !== 'SHUTDOWN' || event.data?.['guest'] !== true) return null;
  return { cause: event.data['reason'] === 'guest-reset' ? 'rebooted' : 'powered-off' };
}

/** True for events after which somebody should look at the machine. */
export function isHint(event: QmpEvent): boolean {
  return HINTS.includes(event.event);
}

/**
 * Since QEMU was told to treat a reboot as a shutdown, both look alike afterwards, and so does the reset of a kernel that
 * panicked before it had a driver for the panic device. What the kernel said last tells them apart.
 */
function endOfShutdown(seen: MachineEnd | null, consoleTail: string): MachineEnd {
  const lastLineAt = Math.max(consoleTail.lastIndexOf(REBOOT_LINE), consoleTail.lastIndexOf(POWER_OFF_LINE));
  const panicAt = consoleTail.search(PANIC_LINE);
  if (panicAt > lastLineAt) return { cause: 'panicked', detail: panicLine(consoleTail) };
  if (seen !== null) return seen;
  return { cause: lastLineAt !== -1 && consoleTail.startsWith(REBOOT_LINE, lastLineAt) ? 'rebooted' : 'powered-off' };
}

function panicLine(consoleTail: string): string {
  return consoleTail.match(PANIC_LINE)?.at(-1)?.trim() ?? 'The guest reported a panic.';
}

import type { MachineEnd } from '../../../ports/driver.ts';
import type { QmpEvent } from './qmp/commands.ts';

/** What QEMU says of its machine (`query-status`), in our words. */
export type RunState =
  | { readonly kind: 'running' | 'paused' }
  | { readonly kind: 'ended'; readonly end: MachineEnd }
  | { readonly kind: 'other'; readonly status: string };

/** The kernel's own last line before it asks the machine to reset; it prints it however quiet it was told to be. */
const REBOOT_LINE = /reboot: Restarting system/;
const PANIC_LINE = /Kernel panic - not syncing: .*/g;

/**
 * The state behind a status. Since a reboot was told to QEMU to be a shutdown, both look alike afterwards: `seen`, the
 * event, says which it was, or else the console's last lines do.
 */
export function runStateOf(status: string, seen: MachineEnd | null, consoleTail: string): RunState {
  switch (status) {
    case 'running':
      return { kind: 'running' };
    case 'paused':
    case 'prelaunch':
    case 'suspended':
      return { kind: 'paused' };
    case 'shutdown':
      return {
        kind: 'ended',
        end: seen ?? { cause: REBOOT_LINE.test(consoleTail.slice(-400)) ? 'rebooted' : 'powered-off' },
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
  return ['SHUTDOWN', 'STOP', 'RESUME', 'GUEST_PANICKED', 'BLOCK_IO_ERROR', 'RESET'].includes(event.event);
}

function panicLine(consoleTail: string): string {
  return consoleTail.match(PANIC_LINE)?.at(-1)?.trim() ?? 'The guest reported a panic.';
}

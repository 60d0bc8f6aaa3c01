import type { HostId } from '../ids.ts';
import type { EpochMs } from '../time.ts';

/** What runs the guests' instructions, and why this one. Never silent: shown by `doctor`, `up` and `/v1/hosts`. */
export interface Accelerator {
  readonly kind: 'kvm' | 'tcg' | 'none';
  /** A sentence: "/dev/kvm is there, but a probe guest did not boot with it within 5 s". */
  readonly explanation: string;
  readonly probedAt: EpochMs;
}

/** With less than this free on the disk that holds everything, the next commits may be refused: GiB. */
export const FULL_DISK_GIB = 1 / 64;

/** A machine that runs VMs. */
export interface Host {
  readonly id: HostId;
  readonly name: string;
  readonly driver: string;
  readonly driverVersion: string;
  readonly accelerator: Accelerator;
  readonly cpuCount: number;
  readonly memoryMib: number;
  readonly memoryAvailableMib: number;
  readonly diskGib: number;
  readonly diskAvailableGib: number;
  readonly bootId: string;
  readonly kernelVersion: string;
}

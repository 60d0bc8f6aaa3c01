import type { UpdateVmRequest, VmAutoSuspend } from '@volary/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { usageError } from '../errors.ts';
import { parseDurationMs } from '../parse-values.ts';

const OFF = 'off';

/** When a VM sleeps, and how long it lives. `off`: never. */
export interface LifeOptions {
  readonly ttl?: number | typeof OFF;
  readonly autoSuspend?: number | typeof OFF;
  readonly autoSuspendCpu?: number;
  readonly autoWake?: 'on' | 'off';
}

/** Adds the options that say when a VM is suspended or deleted by itself. */
export function addLifeOptions(command: Command): Command {
  return command
    .option('--ttl <time>', 'delete it after this time, for example 2h; off: never (default)', secondsOrOff)
    .option('--auto-suspend <time>', 'suspend it after this idle time, for example 15m; off (default)', secondsOrOff)
    .option(
      '--auto-suspend-cpu <percent>',
      'it is idle while it uses less than this of one processor (default 5)',
      percent,
    )
    .addOption(
      new Option('--auto-wake <on|off>', 'whether commands and file access wake it (default on)').choices([
        'on',
        'off',
      ]),
    );
}

type LifeRequest = Pick<UpdateVmRequest, 'ttl_seconds' | 'expires_at' | 'auto_suspend' | 'auto_wake'>;

/** What was asked for, in the wire's words; what was not given is left out. */
export function lifeRequest({ ttl, autoSuspend, autoSuspendCpu, autoWake }: LifeOptions): LifeRequest {
  if (autoSuspendCpu !== undefined && typeof autoSuspend !== 'number')
    throw usageError('--auto-suspend-cpu goes with --auto-suspend and a time.');
  return {
    ...(ttl === undefined ? {} : ttl === OFF ? { expires_at: null } : { ttl_seconds: ttl }),
    ...(autoSuspend === undefined ? {} : { auto_suspend: autoSuspendOf(autoSuspend, autoSuspendCpu) }),
    ...(autoWake === undefined ? {} : { auto_wake: autoWake === 'on' }),
  };
}

function autoSuspendOf(idle: number | typeof OFF, percent: number | undefined): VmAutoSuspend | null {
  if (idle === OFF) return null;
  return { idle_seconds: idle, ...(percent === undefined ? {} : { cpu_below_percent: percent }) };
}

function percent(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It is a number above 0.');
}

function secondsOrOff(text: string): number | typeof OFF {
  return text === OFF ? OFF : Math.ceil(parseDurationMs(text) / 1000);
}

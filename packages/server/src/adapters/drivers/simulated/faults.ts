import { ERROR_CODES, type ErrorCode, VolaryError } from '../../../domain/errors.ts';
import type { MachineEnd } from '../../../ports/driver.ts';

/** Calls that can be made to fail. */
export const FAULTY_CALLS = [
  'create',
  'delete',
  'start',
  'end',
  'pause',
  'resume',
  'link',
  'save',
  'restore',
  'suspend',
  'wake',
  'attach',
  'resize',
  'template',
] as const;
export type FaultyCall = (typeof FAULTY_CALLS)[number];

/** `times`: how often the call fails before it works; infinite if the label names no number. */
export interface CallFault {
  readonly code: ErrorCode;
  readonly times: number;
}

/** What is to go wrong with one VM, as its labels say; README.md beside this file has the table. Times are milliseconds. */
export interface FaultPlan {
  readonly errors: Readonly<Partial<Record<FaultyCall, CallFault>>>;
  readonly startDelayMs: number;
  /** After its machine's start; null: the agent never answers. */
  readonly agentAfterMs: number | null;
  readonly endsBy: { readonly end: MachineEnd; readonly afterMs: number } | null;
  readonly unresponsiveAfterMs: number | null;
  /** The guest hears a request to shut down and does nothing. */
  readonly ignoresShutdown: boolean;
  /** What its processors take all the time, percent of one. */
  readonly cpuPercent: number;
  /** It exchanges no packets, however much its processors do. */
  readonly isOffline: boolean;
  readonly saveDelayMs: number;
  /** Of a warm template that is made for machines like it. */
  readonly templateDelayMs: number;
  /** What is saved of it is found to be damaged by whoever wants it back. */
  readonly savesDamaged: boolean;
  /** The same for the warm template that is made for machines like it. */
  readonly templatesDamaged: boolean;
}

const PREFIX = 'simulate.';
const DEFAULT_END_AFTER_MS = 1_000;

const ENDS = {
  'powered-off': { cause: 'powered-off' },
  rebooted: { cause: 'rebooted' },
  panicked: { cause: 'panicked', detail: 'Kernel panic - not syncing: simulated' },
  'io-error': { cause: 'io-error', detail: 'The simulated disk is full.' },
  'vmm-died': { cause: 'vmm-died', detail: 'The simulated monitor was told to die.' },
} as const satisfies Record<MachineEnd['cause'], MachineEnd>;

const LABELS: readonly string[] = [
  ...FAULTY_CALLS.map((call) => `${call}_error`),
  ...['start_delay_ms', 'agent', 'ends', 'ends_after_ms', 'dies_after_ms', 'unresponsive_after_ms', 'shutdown'],
  ...['save_delay_ms', 'saves', 'cpu_percent', 'network', 'template_delay_ms', 'templates'],
];

/** The plan in these labels; labels of other people are none of ours. Throws `invalid_argument` driver.invalid_fault naming the label. */
export function parseFaults(labels: Readonly<Record<string, string>>): FaultPlan {
  for (const name of Object.keys(labels)) {
    if (name.startsWith(PREFIX) && !LABELS.includes(name.slice(PREFIX.length))) throw invalid(name, 'no such fault');
  }
  const text = (name: string): string | null => labels[PREFIX + name] ?? null;
  const duration = (name: string): number | null => parseDuration(PREFIX + name, text(name));
  return {
    errors: parseErrors(text),
    startDelayMs: duration('start_delay_ms') ?? 0,
    agentAfterMs: parseAgent(text('agent')),
    endsBy: parseEnd(text('ends'), duration('ends_after_ms'), duration('dies_after_ms')),
    unresponsiveAfterMs: duration('unresponsive_after_ms'),
    ignoresShutdown: parseWord('shutdown', text('shutdown'), ['ignored']) !== null,
    cpuPercent: duration('cpu_percent') ?? 0,
    isOffline: parseWord('network', text('network'), ['offline']) !== null,
    saveDelayMs: duration('save_delay_ms') ?? 0,
    templateDelayMs: duration('template_delay_ms') ?? 0,
    savesDamaged: parseWord('saves', text('saves'), ['damaged']) !== null,
    templatesDamaged: parseWord('templates', text('templates'), ['damaged']) !== null,
  };
}

function parseErrors(text: (name: string) => string | null): FaultPlan['errors'] {
  const errors: Partial<Record<FaultyCall, CallFault>> = {};
  for (const call of FAULTY_CALLS) {
    const value = text(`${call}_error`);
    if (value === null) continue;
    const [word = '', count] = value.split(':');
    const code = ERROR_CODES.find((one) => one === word);
    if (code === undefined) throw invalid(`${PREFIX}${call}_error`, 'no such error code');
    errors[call] = { code, times: parseDuration(`${PREFIX}${call}_error`, count ?? null) ?? Number.POSITIVE_INFINITY };
  }
  return errors;
}

function parseAgent(value: string | null): number | null {
  if (value === null) return 0;
  if (value === 'silent') return null;
  const [word, delay] = value.split(':');
  if (word !== 'late' || delay === undefined) throw invalid(`${PREFIX}agent`, 'silent or late:MS');
  return parseDuration(`${PREFIX}agent`, delay);
}

function parseEnd(ends: string | null, endsAfterMs: number | null, diesAfterMs: number | null): FaultPlan['endsBy'] {
  if (diesAfterMs !== null) return { end: ENDS['vmm-died'], afterMs: diesAfterMs };
  const cause = parseWord('ends', ends, ['powered-off', 'rebooted', 'panicked', 'io-error', 'vmm-died'] as const);
  return cause === null ? null : { end: ENDS[cause], afterMs: endsAfterMs ?? DEFAULT_END_AFTER_MS };
}

function parseWord<const W extends string>(name: string, value: string | null, words: readonly W[]): W | null {
  if (value === null) return null;
  const word = words.find((one) => one === value);
  if (word === undefined) throw invalid(PREFIX + name, words.join(', '));
  return word;
}

function parseDuration(label: string, value: string | null): number | null {
  if (value === null) return null;
  if (!/^[0-9]{1,9}$/.test(value)) throw invalid(label, 'a whole number');
  return Number(value);
}

function invalid(label: string, allowed: string): VolaryError {
  return new VolaryError('invalid_argument', `The label ${label} is not a fault that can be simulated (${allowed}).`, {
    reason: 'driver.invalid_fault',
    details: { field: `labels.${label}`, allowed },
  });
}

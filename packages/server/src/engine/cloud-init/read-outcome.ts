import { toVolaryError } from '../../domain/errors.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { CloudInitState } from '../../domain/vm/cloud-init-status.ts';
import type { GuestLink } from '../../ports/guest-link.ts';

/** What it came to. */
export interface Outcome {
  readonly state: Extract<CloudInitState, 'done' | 'degraded' | 'error'>;
  readonly errors: readonly string[];
}

const STATUS_PATH = '/run/cloud-init/status.json';
const STATUS_BYTES = 262_144;
/** Of what a guest says of its faults. */
const MOST_ERRORS = 20;
const ERROR_LENGTH = 500;

/** What an execution that has ended came to, by its exit code and by what cloud-init has written of its stages. Throws `unavailable` guest.link_lost. */
export async function readOutcome(
  link: Pick<GuestLink, 'readFile'>,
  { state, exitCode, signal: killedBy, error }: Execution,
  signal: AbortSignal,
): Promise<Outcome> {
  if (state !== 'exited') return failed(error ?? 'It could not be started.');
  if (exitCode === null) return failed(`It was ended by ${killedBy}.`);
  const text = await readStatus(link, signal);
  const { errors, lesser } = text === null ? { errors: [], lesser: [] } : faultsOf(text);
  if (errors.length > 0) return { state: 'error', errors: bounded([...errors, ...lesser]) };
  if (exitCode === 0 || exitCode === 2)
    return { state: lesser.length > 0 || exitCode === 2 ? 'degraded' : 'done', errors: bounded(lesser) };
  return failed(`It ended with ${exitCode}; its output says why.`);
}

function failed(why: string): Outcome {
  return { state: 'error', errors: [why] };
}

/** Null: there is none. */
async function readStatus(link: Pick<GuestLink, 'readFile'>, signal: AbortSignal): Promise<string | null> {
  try {
    const { content } = await link.readFile(STATUS_PATH, { signal, length: STATUS_BYTES });
    const decoder = new TextDecoder();
    let text = '';
    for await (const chunk of content) text += decoder.decode(chunk, { stream: true });
    return text;
  } catch (error) {
    if (toVolaryError(error).reason === 'guest.no_such_file') return null;
    throw error;
  }
}

/** What its stages say, in cloud-init's own form; `lesser` is what it has gone on after. Nothing of what is not in that form. */
export function faultsOf(text: string): { readonly errors: readonly string[]; readonly lesser: readonly string[] } {
  const stages = Object.values(objectIn(parse(text), 'v1'));
  const listsOf = (value: unknown): readonly string[] =>
    Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
  const errors = stages.flatMap((stage) => listsOf(fieldOf(stage, 'errors')));
  const lesser = stages.flatMap((stage) => Object.values(objectIn(stage, 'recoverable_errors')).flatMap(listsOf));
  return { errors, lesser };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whatever a guest has written there, it is not what cloud-init writes.
    return null;
  }
}

function objectIn(value: unknown, key: string): object {
  const found = fieldOf(value, key);
  return typeof found === 'object' && found !== null ? found : {};
}

function fieldOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

function bounded(errors: readonly string[]): readonly string[] {
  return [...new Set(errors)].slice(0, MOST_ERRORS).map((text) => text.slice(0, ERROR_LENGTH));
}

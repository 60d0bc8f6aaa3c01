import type { MetricInterval, Vm, VmMetrics } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { CliError } from '../errors.ts';
import { EXIT_CODES } from '../exit-codes.ts';

const PAGE_ITEMS = 200;
/** A server that has not answered a request for so long hangs, or is cut off. Milliseconds. */
const SILENCE_MS = 10_000;

export interface Look {
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Milliseconds that each request may take. Default: ten seconds. */
  readonly silenceMs?: number;
}

/**
 * All VMs, or those with such labels, and what each did: some requests for all of them together, however many they are. Throws a `CliError` cli.no_server
 * when one is not answered in its time, and the reason of the signal.
 */
export async function findRows(
  { vms, metrics }: Pick<VolaryClient, 'vms' | 'metrics'>,
  { interval, selector }: { readonly interval: MetricInterval; readonly selector?: string },
  look: Look,
): Promise<readonly { readonly vm: Vm; readonly metrics: VmMetrics | null }[]> {
  const which = { limit: PAGE_ITEMS, ...(selector === undefined ? {} : { selector }) };
  const known = new Map<string, VmMetrics>();
  for await (const one of itemsOf((page, options) => metrics.list({ ...which, ...page, interval }, options), look))
    known.set(one.vm_id, one);
  const rows = [];
  // Nothing is known yet of a VM that was made between the two questions.
  for await (const vm of itemsOf((page, options) => vms.list({ ...which, ...page }, options), look))
    rows.push({ vm, metrics: known.get(vm.id) ?? null });
  return rows;
}

type FetchPage<T> = (
  page: { readonly cursor?: string },
  options: { readonly signal: AbortSignal },
) => Promise<{ readonly items: readonly T[]; readonly next_cursor: string | null }>;

/** The items of all pages, each of which is answered in its time. */
async function* itemsOf<T>(fetchPage: FetchPage<T>, { signal, silenceMs = SILENCE_MS }: Look): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const silence = AbortSignal.timeout(silenceMs);
    const from: { readonly cursor?: string } = cursor === null ? {} : { cursor };
    const page = await fetchPage(from, { signal: AbortSignal.any([signal, silence]) }).catch((error: unknown) => {
      throw silence.aborted && !signal.aborted ? silent(silenceMs) : error;
    });
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

function silent(silenceMs: number): CliError {
  return new CliError(`The server has not answered for ${silenceMs / 1_000} s.`, {
    ...{ reason: 'cli.no_server', exitCode: EXIT_CODES.noServer },
    hint: 'how it is: volary doctor',
  });
}

import { lookup } from 'node:dns/promises';
import { isIP, isIPv6, type LookupFunction } from 'node:net';
import { type AllowedTargets, hostOf, isTargetAllowed } from '../../domain/net/target.ts';
import { abortable } from './abortable.ts';

/** The addresses of a name; rejects if it has none. */
export type Resolve = (host: string) => Promise<readonly string[]>;

/** As this machine looks names up, its hosts file included. */
export async function resolveBySystem(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
}

/** The target's addresses, or why there are none that may be connected to. */
export type ResolvedTarget =
  | { readonly kind: 'resolved'; readonly addresses: readonly string[] }
  | { readonly kind: 'unresolved'; readonly cause: unknown }
  | { readonly kind: 'refused' };

/** Looks the target up. One address that may not be reached is enough to refuse all of them: which one is taken is chance. */
export async function resolveTarget(
  url: URL,
  {
    resolve,
    allowed,
    signal,
  }: { readonly resolve: Resolve; readonly allowed: AllowedTargets; readonly signal: AbortSignal },
): Promise<ResolvedTarget> {
  const host = hostOf(url);
  let addresses: readonly string[];
  try {
    addresses = isIP(host) === 0 ? await abortable(resolve(host), signal) : [host];
  } catch (cause) {
    signal.throwIfAborted();
    return { kind: 'unresolved', cause };
  }
  if (addresses.length === 0) return { kind: 'unresolved', cause: null };
  const isAllowed = addresses.every((address) => isTargetAllowed(url, address, allowed));
  return isAllowed ? { kind: 'resolved', addresses } : { kind: 'refused' };
}

/** A look-up for a connection to one of these addresses, which have been judged: a name could have others by now. */
export function answerWith(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_host, options, done) => {
    const [first = { address: '', family: 4 }] = all;
    if (options.all === true) done(null, all);
    else done(null, first.address, first.family);
  };
}

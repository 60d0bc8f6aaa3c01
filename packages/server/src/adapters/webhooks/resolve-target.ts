import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { VolaryError } from '../../domain/errors.ts';
import { type AllowedTargets, hostOf, isTargetAllowed } from '../../domain/webhook/target.ts';
import { abortable } from '../shared/abortable.ts';

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

/** `invalid_argument` webhook.target_refused. Does not say which addresses a name has: that is not everybody's business. */
export function targetRefused(url: URL): VolaryError {
  return new VolaryError(
    'invalid_argument',
    `${url.host} is not on the public internet; whoever runs the server may allow it with webhook_allowed_targets.`,
    { reason: 'webhook.target_refused', details: { field: 'url' } },
  );
}

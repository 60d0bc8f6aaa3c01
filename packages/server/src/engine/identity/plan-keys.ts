/**
 * Which key signs, which ones verify, and when there has to be a new one. By time:
 *
 *   made ──announced──> signs ──until the next one signs──> verifies ──the longest life of a token──> obsolete
 *
 * A key is announced before it signs, so that whoever keeps a copy of the public keys knows it when its first token comes.
 */
import type { SigningKey } from '../../domain/session/signing-key.ts';
import type { EpochMs } from '../../domain/time.ts';

export interface KeyPolicy {
  /** After this time a key gets a successor. */
  readonly rotateAfterMs: number;
  /** How long before it signs a key is shown. */
  readonly announceMs: number;
}

export interface KeyPlan {
  /** Those that may sign now, the best one first: the others only where it cannot be used. */
  readonly signing: readonly SigningKey[];
  /** All that verify now, or will. */
  readonly verifying: readonly SigningKey[];
  /** Those by which nothing is valid any more. */
  readonly obsolete: readonly SigningKey[];
  /** When a new key would begin to sign; null when none is needed. */
  readonly nextSignsFrom: EpochMs | null;
}

/**
 * The plan for these keys, which are in the order that they begin to sign in. `lastSignedBefore`: what was signed before this moment is valid
 * no more.
 */
export function planKeys(
  keys: readonly SigningKey[],
  policy: KeyPolicy,
  { now, lastSignedBefore }: { readonly now: EpochMs; readonly lastSignedBefore: EpochMs },
): KeyPlan {
  const newest = keys.at(-1);
  const isObsolete = (_key: SigningKey, i: number): boolean => {
    const successor = keys[i + 1];
    return successor !== undefined && successor.signsFrom <= lastSignedBefore;
  };
  const verifying = keys.filter((key, i) => !isObsolete(key, i));
  const begun = verifying.filter(({ signsFrom }) => signsFrom <= now);
  return {
    // None has begun where the clock was set back: then there is nothing better than the first to come.
    signing: begun.length > 0 ? begun.toReversed() : verifying,
    verifying,
    obsolete: keys.filter(isObsolete),
    nextSignsFrom: nextSignsFrom(newest, policy, now),
  };
}

function nextSignsFrom(newest: SigningKey | undefined, policy: KeyPolicy, now: EpochMs): EpochMs | null {
  if (newest === undefined) return now;
  return newest.createdAt + policy.rotateAfterMs <= now ? now + policy.announceMs : null;
}

import type { Mfa } from './user.ts';

/** What was shown as the second factor, and found to be right as far as it can be seen from outside. */
export type SecondFactor =
  | { readonly kind: 'step'; readonly step: number }
  | { readonly kind: 'recovery'; readonly digest: string };

/** Whether logins ask for a second factor. */
export function isMfaOn(mfa: Mfa | null): mfa is Mfa {
  return mfa !== null && mfa.confirmedAt !== null;
}

/** What is left after the factor was used; null if it cannot be used any more: each is good once. */
export function useFactor(mfa: Mfa, factor: SecondFactor): Mfa | null {
  if (factor.kind === 'step') {
    return mfa.lastUsedStep === null || factor.step > mfa.lastUsedStep ? { ...mfa, lastUsedStep: factor.step } : null;
  }
  const { recoveryDigests } = mfa;
  return recoveryDigests.includes(factor.digest)
    ? { ...mfa, recoveryDigests: recoveryDigests.filter((digest) => digest !== factor.digest) }
    : null;
}

import type { SecondFactor } from '../../domain/user/second-factor.ts';
import type { User } from '../../domain/user/user.ts';
import type { EngineDeps } from '../deps.ts';

type FactorDeps = Pick<EngineDeps, 'oneTimeCodes' | 'keyring' | 'clock'>;

/** Six digits are of an authenticator, everything else is a recovery code. */
const ONE_TIME = /^\s*([0-9]{3})\s?([0-9]{3})\s*$/;

/** What the code stands for; null if it is none of the user's. Whether it was used before is for the caller to see. */
export async function readFactor(deps: FactorDeps, user: User, code: string): Promise<SecondFactor | null> {
  if (user.mfa === null) return null;
  const [, first, second] = ONE_TIME.exec(code) ?? [];
  if (first === undefined || second === undefined) {
    return { kind: 'recovery', digest: deps.oneTimeCodes.digestOf(code) };
  }
  const secret = deps.keyring.open(user.mfa.sealedSecret, mfaContextOf(user));
  const step = await deps.oneTimeCodes.verify(secret, `${first}${second}`, deps.clock.now());
  return step === null ? null : { kind: 'step', step };
}

/** What the secret of this user's second factor is sealed for. */
export function mfaContextOf({ id }: Pick<User, 'id'>): string {
  return `mfa/${id}`;
}

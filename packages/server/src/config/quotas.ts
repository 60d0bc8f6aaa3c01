import { QUOTA_KINDS, QUOTA_WORDS, type Quota } from '../domain/user/quota.ts';
import { countOrNone, oneOf } from './values.ts';

const MOST = 1_000_000_000;
const WORDS = QUOTA_KINDS.map((kind) => QUOTA_WORDS[kind]);

/** `vms: 10, memory_mib: 8192`: what each user may have; what is not named has no bound. Throws `invalid_argument` config.invalid. */
export function readQuotas(text: string | null): Quota {
  const limits: { -readonly [Kind in keyof Quota]: Quota[Kind] } = {};
  for (const entry of (text ?? '').split(',').filter((part) => part.trim() !== '')) {
    const [name = '', ...rest] = entry.split(':');
    const word = oneOf('quotas', name.trim(), WORDS);
    for (const kind of QUOTA_KINDS)
      if (QUOTA_WORDS[kind] === word) limits[kind] = countOrNone(`quotas.${word}`, rest.join(':').trim(), 0, MOST);
  }
  return limits;
}

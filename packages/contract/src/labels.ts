import { LIMITS } from './limits.ts';
import { stringMap } from './schema.ts';

const BOUNDS = {
  maxProperties: LIMITS.labels.count,
  keyLength: LIMITS.labels.keyLength,
  valueLength: LIMITS.labels.valueLength,
} as const;

/** Of whatever can be listed by them. */
export const Labels = stringMap({ description: 'Short texts to find it by.', ...BOUNDS });
/** In changes. */
export const NewLabels = stringMap({ description: 'All of them, in place of those that it has.', ...BOUNDS });

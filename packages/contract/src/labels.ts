import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component, stringMap } from './schema.ts';

const BOUNDS = {
  maxProperties: LIMITS.labels.count,
  keyLength: LIMITS.labels.keyLength,
  valueLength: LIMITS.labels.valueLength,
} as const;

/** Of whatever can be listed by them. */
export const Labels = stringMap({ description: 'Names with short values, to find it by.', ...BOUNDS });
/** In changes. */
export const NewLabels = stringMap({ description: 'All labels; they replace the existing ones.', ...BOUNDS });

/** Of what is changed in nothing else. */
export const UpdateLabelsRequest = component(
  'UpdateLabelsRequest',
  { labels: Type.Optional(NewLabels) },
  { description: 'What is absent stays as it is.', examples: [{ labels: { tier: 'front' } }] },
);
export type UpdateLabelsRequest = Static<typeof UpdateLabelsRequest>;

import { integer, listOf, type Of, record, type Shape, text } from '../../../../lib/shape.ts';

/** As it names a file, it must be able to name nothing else. */
const digest: Shape<string> = (value): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

/** The packs of a machine, as its record and what is saved of it know them. */
export const ATTACHED_PACKS = listOf(
  record({
    name: text,
    version: text,
    digest,
    /** Which of the places on its disk it has. */
    slot: integer(0),
    sizeBytes: integer(1),
  }),
);

export type SlottedPack = Of<typeof ATTACHED_PACKS>[number];

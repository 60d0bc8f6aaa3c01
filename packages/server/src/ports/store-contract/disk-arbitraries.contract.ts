import fc from 'fast-check';
import { idFromUuid } from '../../domain/ids.ts';
import { DISK_FORMATS } from '../../domain/image/definition.ts';
import type { ExtraDisk } from '../../domain/vm/extra-disk.ts';

const words = fc.string({ unit: 'binary', maxLength: 12 });
const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });

/** Whatever of a disk besides the root may be stored. */
export const anyExtraDisk: fc.Arbitrary<ExtraDisk> = fc.record({
  name: words,
  sizeGib: orNull(fc.nat(100_000)),
  content: orNull(
    fc.record({
      source: fc.record({ location: words, sha256: words }),
      format: fc.constantFrom(...DISK_FORMATS),
      isLocalAllowed: fc.boolean(),
    }),
  ),
  isReadonly: fc.boolean(),
  target: orNull(words),
  volume: orNull(fc.uuid({ version: 7 }).map((uuid) => idFromUuid('vol', uuid))),
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DISK_FORMATS, FIRMWARES, type ImageDefinition } from '../../domain/image/definition.ts';
import { type MakeStore, withStore } from './fixture.contract.ts';
import { numberedId, sampleImage } from './samples.contract.ts';

const words = fc.string({ unit: 'grapheme', maxLength: 30 });
const source = fc.record({ location: words, sha256: words });
const disk = {
  kind: fc.constant('disk' as const),
  description: words,
  source,
  format: fc.constantFrom(...DISK_FORMATS),
  isLocalAllowed: fc.boolean(),
};
export const anyDefinition: fc.Arbitrary<ImageDefinition> = fc.oneof(
  fc.record({
    kind: fc.constant('recipe' as const),
    description: words,
    packages: fc.array(words),
    files: fc.array(fc.record({ path: words, content: words, mode: fc.nat(), owner: words })),
    commands: fc.array(words),
    rootGib: fc.nat(),
  }),
  fc.record({ ...disk, boot: fc.constant('firmware' as const), firmware: fc.constantFrom(...FIRMWARES) }),
  fc.record({
    ...disk,
    boot: fc.constant('direct' as const),
    kernel: fc.option(source),
    initramfs: fc.option(source),
  }),
);

/** What is asked of the table of images. */
export function imageTableContract(make: MakeStore): void {
  describe('images', () => {
    it(
      'are read as they were written last',
      withStore(make, async ({ images }) => {
        await fc.assert(
          fc.asyncProperty(anyDefinition, fc.option(words), fc.nat(), async (definition, template, at) => {
            const image = sampleImage('web', { definition, template, updatedAt: at });
            await images.put(image);
            expect(await images.get('web')).toEqual(image);
          }),
          { numRuns: 40 },
        );
        expect(await images.count()).toBe(1);
        expect(await images.get('other')).toBeNull();
      }),
    );

    it(
      'are listed by name, page by page, of all or of one template, and removed',
      withStore(make, async ({ images }) => {
        for (const name of ['d', 'b', 'c', 'a'])
          await images.put(sampleImage(name, { template: name < 'c' ? 'web@1' : null }));
        const namesOf = async (page: Parameters<typeof images.list>[0]): Promise<readonly string[]> =>
          (await images.list(page)).map(({ name }) => name);

        expect(await namesOf({ limit: 3, after: null })).toEqual(['a', 'b', 'c']);
        expect(await namesOf({ limit: 3, after: 'c' })).toEqual(['d']);
        expect(await namesOf({ limit: 9, after: null, template: 'web@1' })).toEqual(['a', 'b']);
        expect([await images.delete('b'), await images.delete('b')]).toEqual([true, false]);
        expect(await namesOf({ limit: 9, after: null })).toEqual(['a', 'c', 'd']);
        expect(await images.count()).toBe(3);
      }),
    );

    it(
      'keep what operations are to make for as long as those go on',
      withStore(make, async ({ images }) => {
        const [one, two] = [numberedId('op', 1), numberedId('op', 2)];
        const { definition } = sampleImage('web');
        await images.putRequest(one, { definition, labels: null });
        expect(await images.getRequest(one)).toEqual({ definition, labels: null });
        await images.putRequest(two, { definition, labels: null });
        const another = { definition: { ...definition, description: 'another' }, labels: { tier: 'front' } };
        await images.putRequest(two, another);

        await images.keepRequests([two, numberedId('op', 3)]);

        expect(await images.getRequest(one)).toBeNull();
        expect(await images.getRequest(two)).toEqual(another);
        await images.keepRequests([]);
        expect(await images.getRequest(two)).toBeNull();
      }),
    );

    it(
      'remember when they were used last, never an earlier moment, until that is to be forgotten',
      withStore(make, async ({ images }) => {
        await images.noteUsed('b', 5);
        await images.noteUsed('a', 7);
        await images.noteUsed('b', 9);
        await images.noteUsed('a', 6);

        expect(await images.listUses()).toEqual([
          { name: 'a', usedAt: 7 },
          { name: 'b', usedAt: 9 },
        ]);
        await images.forgetUse('a');
        expect(await images.listUses()).toEqual([{ name: 'b', usedAt: 9 }]);
      }),
    );
  });
}

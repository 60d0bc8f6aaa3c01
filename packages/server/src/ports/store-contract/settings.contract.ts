import { describe, expect, it } from 'vitest';
import { type MakeStore, withStore } from './fixture.contract.ts';

/** What is asked of the table of settings. */
export function settingTableContract(make: MakeStore): void {
  describe('settings', () => {
    it(
      'keep the first value that they were given',
      withStore(make, async ({ settings }) => {
        expect(await settings.get('installation.id')).toBeNull();

        expect(await settings.getOrInsert('installation.id', 'a')).toBe('a');
        expect(await settings.getOrInsert('installation.id', 'b')).toBe('a');
        expect(await settings.getOrInsert('other', 'c')).toBe('c');

        expect(await settings.get('installation.id')).toBe('a');
      }),
    );

    it(
      'are the same for all who race to give the first',
      withStore(make, async (store, fixture) => {
        const other = await fixture.open();

        const told = await Promise.all(
          Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? store : other).settings.getOrInsert('id', `${i}`)),
        );

        expect(new Set(told).size).toBe(1);
      }),
    );
  });
}

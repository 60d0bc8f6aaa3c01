import { expect, test } from 'vitest';
import { titlesOf } from './titles.ts';

test('the tests of a file are those that run, by their whole titles', () => {
  const source = `
    describe('a group', () => {
      it('is one', () => {});
      it("is isn't two", async ({ skip }) => {});
      test(\`is three\`, () => {});
      it.each([['a'], ['b']])('is %s of many', (one) => {});
      it.concurrent('goes beside others', () => {});
      it.skipIf(false)('depends', () => {});
      it.skip('is left out', () => {});
      it.todo('is for later');
      it.skip.each([1])('is left out too', () => {});
      it(\`is \${name}\`, () => {});
      expect(list).toContain('is in no test');
      fit('is of another kind', () => {});
    });
    // it('is a remark', () => {});
  `;

  expect([...titlesOf(source)]).toEqual([
    ...['is one', "is isn't two", 'is three', 'is %s of many', 'goes beside others', 'depends'],
  ]);
});

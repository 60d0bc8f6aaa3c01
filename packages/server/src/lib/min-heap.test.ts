import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMinHeap } from './min-heap.ts';

describe('the heap', () => {
  it('gives what it was given, sorted, whatever the order of pushes and pops', () => {
    const operations = fc.array(fc.option(fc.integer(), { nil: null }));
    fc.assert(
      fc.property(operations, (script) => {
        const heap = createMinHeap<number>((a, b) => a - b);
        const model: number[] = [];
        for (const value of script) {
          if (value === null) {
            expect(heap.peek()).toBe(model[0]);
            expect(heap.pop()).toBe(model.shift());
          } else {
            heap.push(value);
            model.push(value);
            model.sort((a, b) => a - b);
          }
          expect(heap.size).toBe(model.length);
        }
      }),
    );
  });
});

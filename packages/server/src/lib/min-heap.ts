/** Values of which the least is at hand; adding and taking cost the logarithm of their number. */
export interface MinHeap<T> {
  readonly size: number;
  push(value: T): void;
  /** The least, left in place; undefined when there is none. */
  peek(): T | undefined;
  /** Takes the least out. */
  pop(): T | undefined;
}

/** An empty heap. `compare` is as for `Array.prototype.sort`; equal values come out in any order. */
export function createMinHeap<T>(compare: (a: T, b: T) => number): MinHeap<T> {
  const values: T[] = [];

  /** Where `value` belongs when it rises from the free place `at`; those above it move down. */
  function rise(at: number, value: T): void {
    let place = at;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = values[parent];
      if (above === undefined || compare(above, value) <= 0) break;
      values[place] = above;
      place = parent;
    }
    values[place] = value;
  }

  function sink(value: T): void {
    let place = 0;
    for (;;) {
      const child = lesserChild(place);
      const below = values[child];
      if (below === undefined || compare(value, below) <= 0) break;
      values[place] = below;
      place = child;
    }
    values[place] = value;
  }

  function lesserChild(place: number): number {
    const left = 2 * place + 1;
    const a = values[left];
    const b = values[left + 1];
    return a !== undefined && b !== undefined && compare(b, a) < 0 ? left + 1 : left;
  }

  return {
    get size() {
      return values.length;
    },
    push: (value) => rise(values.length, value),
    peek: () => values[0],
    pop() {
      const least = values[0];
      const last = values.pop();
      if (values.length > 0 && last !== undefined) sink(last);
      return least;
    },
  };
}

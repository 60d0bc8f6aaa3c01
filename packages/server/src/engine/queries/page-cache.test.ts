import { describe, expect, it } from 'vitest';
import { createPageCache } from './page-cache.ts';

describe('the page cache', () => {
  it('gives the same object until something changes', async () => {
    let changes: number | null = 1;
    const cache = createPageCache<object>(() => changes);
    const first = await cache.get('a', async () => ({}));

    expect(await cache.get('a', async () => ({}))).toBe(first);
    expect(await cache.get('b', async () => ({}))).not.toBe(first);
    changes = 2;
    expect(await cache.get('a', async () => ({}))).not.toBe(first);
  });

  it('does not keep what was read while something changed', async () => {
    let changes = 1;
    const cache = createPageCache<object>(() => changes);
    const torn = await cache.get('a', async () => {
      changes += 1;
      return {};
    });

    expect(await cache.get('a', async () => ({}))).not.toBe(torn);
  });

  it('keeps nothing where others may write', async () => {
    const cache = createPageCache<object>(() => null);
    const first = await cache.get('a', async () => ({}));

    expect(await cache.get('a', async () => ({}))).not.toBe(first);
  });

  it('holds a bounded number of pages', async () => {
    const cache = createPageCache<object>(() => 1);
    const first = await cache.get('0', async () => ({}));
    for (let i = 1; i <= 300; i++) await cache.get(String(i), async () => ({}));

    expect(await cache.get('0', async () => ({}))).not.toBe(first);
  });
});

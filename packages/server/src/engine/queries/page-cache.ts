/** Pages kept at most; the whole cache is dropped at any change, so there is nothing to choose from when it is full. */
const CAPACITY = 256;

/**
 * Keeps what was read while nothing has changed. As long as `changeCount` stays the same, the same key gives the same
 * object; while it is null (somebody else may write) everything is read anew.
 */
export function createPageCache<T>(changeCount: () => number | null): {
  get(key: string, read: () => Promise<T>): Promise<T>;
} {
  const pages = new Map<string, T>();
  let readAt: number | null = null;
  return {
    async get(key, read) {
      const now = changeCount();
      if (now === null || now !== readAt) {
        pages.clear();
        readAt = now;
      }
      const kept = pages.get(key);
      if (kept !== undefined) return kept;
      const page = await read();
      // A change during the read may or may not be in it.
      if (now !== null && changeCount() === now) {
        if (pages.size >= CAPACITY) pages.clear();
        pages.set(key, page);
      }
      return page;
    },
  };
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Store } from '../../../ports/store.ts';
import { createSqliteStore, type SqliteStoreConfig } from './sqlite-store.ts';

/** A directory for a database, removed with the stores on it when it is disposed of. */
export interface SqliteFixture extends AsyncDisposable {
  readonly path: string;
  open(config?: Partial<SqliteStoreConfig>): Promise<Store>;
}

export function makeSqliteFixture(): SqliteFixture {
  const directory = mkdtempSync(join(tmpdir(), 'volary-test-store-'));
  const path = join(directory, 'volary.db');
  const stores: Store[] = [];
  return {
    path,
    async open(config = {}) {
      const store = await createSqliteStore({ path, ...config });
      stores.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of stores) await store[Symbol.asyncDispose]();
      rmSync(directory, { recursive: true });
    },
  };
}

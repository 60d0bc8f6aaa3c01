import { closeSync, openSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';

/** Overwrites the pages of a table in a database whose log is empty; what is in the first page, such as the tables' names, stays. */
export function damageTable(path: string, table: string): void {
  const database = new Database(path, { readonly: true });
  const pages = database
    .prepare('SELECT pageno FROM dbstat WHERE name = ?')
    .all<{ readonly pageno: number }>([table])
    .map(({ pageno }) => pageno);
  const pageBytes = Number(database.pragma('page_size', { simple: true }));
  database.close();
  const file = openSync(path, 'r+');
  for (const page of pages) writeSync(file, Buffer.alloc(pageBytes, 0xee), 0, pageBytes, (page - 1) * pageBytes);
  closeSync(file);
}

/** The tables in docs/compat: one row for each promise of a dialect's document, with the test that proves it. */
import { readText } from '../repo/repository.ts';

export interface TableRow {
  /** As the extraction words it. */
  readonly promise: string;
  /** Path in the repository. */
  readonly file: string;
  /** Of the test. */
  readonly title: string;
}

const ROW = /^\| `([^`]+)` \| \[[^\]]+\]\(\.\.\/\.\.\/([^)]+)\): (.+) \|$/;

/** Lines of tables that are no rows of this form are none of the promises', and are returned as `strange`. */
export function readTable(dialect: string): {
  readonly rows: readonly TableRow[];
  readonly strange: readonly string[];
} {
  const lines = readText(`docs/compat/${dialect}.md`).split('\n');
  const inTables = lines.filter((line) => line.startsWith('| `'));
  const rows = inTables.flatMap((line) => {
    const [, promise = '', file = '', title = ''] = ROW.exec(line) ?? [];
    return promise === '' ? [] : [{ promise, file, title }];
  });
  return { rows, strange: inTables.filter((line) => !ROW.test(line)) };
}

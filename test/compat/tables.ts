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

/** A promise that is not kept yet: it names no test, and is counted. */
const NOT_YET = /^\| `([^`]+)` \| — not yet: .+ \|$/;
/** What is never known here says why, behind its test. */
const ROW = /^\| `([^`]+)` \| \[[^\]]+\]\(\.\.\/\.\.\/([^)]+)\): (.+?)(?: — null here: .+)? \|$/;

/** Lines of tables that are no rows of this form are none of the promises', and are returned as `strange`. */
export function readTable(dialect: string): {
  readonly rows: readonly TableRow[];
  /** All of them in order, those that are not kept yet too. */
  readonly promises: readonly string[];
  readonly strange: readonly string[];
} {
  const lines = readText(`docs/compat/${dialect}.md`).split('\n');
  const inTables = lines.filter((line) => line.startsWith('| `'));
  const rows = inTables.flatMap((line) => {
    const [, promise = '', file = '', title = ''] = ROW.exec(line) ?? [];
    return promise === '' ? [] : [{ promise, file, title }];
  });
  const promises = inTables.flatMap((line) => (ROW.exec(line) ?? NOT_YET.exec(line))?.[1] ?? []);
  return { rows, promises, strange: inTables.filter((line) => !ROW.test(line) && !NOT_YET.test(line)) };
}

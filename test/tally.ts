/** How many tests ended in which way. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** `3 passed, 0 failed`, with `, 1 skipped` where any were. */
export function formatTally({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

/** The tally that a line of `formatTally` alone tells of; undefined for any other line. */
export function parseTally(line: string): Tally | undefined {
  const groups = /^(?<passed>\d+) passed, (?<failed>\d+) failed(?:, (?<skipped>\d+) skipped)?$/.exec(line)?.groups;
  if (groups === undefined) return undefined;
  return {
    passed: Number(groups['passed']),
    failed: Number(groups['failed']),
    skipped: Number(groups['skipped'] ?? 0),
  };
}

/** The sum of several tallies. */
export function addTallies(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (sum, tally) => ({
      passed: sum.passed + tally.passed,
      failed: sum.failed + tally.failed,
      skipped: sum.skipped + tally.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  );
}

/** A test file that failed, as the reporter's line tells of it. */
export interface FailedFile {
  readonly path: string;
  readonly tally: Tally;
}

/** The failed file that a line of the reporter tells of: `FAIL path/of.test.ts  3 passed, 1 failed  0.4 s`. */
export function parseFailedFile(line: string): FailedFile | undefined {
  const groups = /^FAIL (?<path>\S+) {2}(?<tally>\d.*?) {2}[\d.]+ s$/.exec(line)?.groups;
  const tally = parseTally(groups?.['tally'] ?? '');
  return groups === undefined || tally === undefined ? undefined : { path: groups['path'] ?? '', tally };
}

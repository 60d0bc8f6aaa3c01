/** What Linux tells of the pages of a process: https://docs.kernel.org/admin-guide/mm/pagemap.html. */

export const PAGE_BYTES = 4096;
/** Of each page's entry. */
export const ENTRY_BYTES = 8;

/** In the upper half of an entry: the page is in memory, is swapped out, belongs to a file or is shared. */
const PRESENT = 0x8000_0000;
const SWAPPED = 0x4000_0000;
const OF_FILE = 0x2000_0000;

/** Pages that follow one another. */
export interface PageRun {
  readonly first: number;
  readonly count: number;
}

/**
 * The pages that a process has for itself: written by it, in memory or swapped out. Pages that it only reads of a file it
 * has mapped, and those that it never touched, are not among them. Runs are of at most `longest` pages.
 */
export function* privateRuns(entries: Buffer, longest: number): Iterable<PageRun> {
  const total = Math.floor(entries.length / ENTRY_BYTES);
  for (let page = 0; page < total; ) {
    const first = page;
    while (page < total && page - first < longest && isPrivate(entries, page)) page++;
    if (page > first) yield { first, count: page - first };
    else page++;
  }
}

function isPrivate(entries: Buffer, page: number): boolean {
  const bits = entries.readUInt32LE(page * ENTRY_BYTES + 4);
  return (bits & (PRESENT | SWAPPED)) !== 0 && (bits & OF_FILE) === 0;
}

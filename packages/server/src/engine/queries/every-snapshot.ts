import type { SnapshotId } from '../../domain/ids.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import type { Tables } from '../../ports/store.ts';

const PAGE = 500;

/** All snapshots, in the order they were made. */
export async function* everySnapshot({ snapshots }: Pick<Tables, 'snapshots'>): AsyncIterable<Snapshot> {
  let after: SnapshotId | null = null;
  for (;;) {
    const page: readonly Snapshot[] = await snapshots.list({ limit: PAGE, after });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.id;
  }
}

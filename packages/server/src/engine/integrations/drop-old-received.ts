import type { Ages } from '../ages.ts';
import type { EngineDeps } from '../deps.ts';

/** How long what has come in is known again. GitHub sends what is three days old again at most. */
const KEPT_MS = 30 * 24 * 3_600_000;
/** Rows dropped in one transaction, and transactions in one round: whoever writes meanwhile waits for one at most. */
const DROP = { rows: 500, transactions: 40 } as const;

/** Forgets what has come in long ago; a bounded number of them, in short transactions. */
export async function dropOldReceived({
  store,
  ages,
}: Pick<EngineDeps, 'store'> & { readonly ages: Ages }): Promise<void> {
  const receivedBefore = ages.before(KEPT_MS);
  for (let i = 0; i < DROP.transactions; i++) {
    if ((await store.receivedDeliveries.deleteOld({ receivedBefore, limit: DROP.rows })) < DROP.rows) return;
  }
}

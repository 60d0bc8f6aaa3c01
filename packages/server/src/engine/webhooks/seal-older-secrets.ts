import type { WebhookId } from '../../domain/ids.ts';
import type { EngineDeps } from '../deps.ts';
import { sealOlder } from './signing-secrets.ts';

/** Webhooks looked at in one transaction: others who write wait for that long. */
const BATCH = 50;

/**
 * Seals what a version that sealed no secrets of webhooks has stored, some webhooks at a time: each is written whole, and either way it can be read,
 * so that a server that dies over it leaves the rest to the next one. What keeps it from that, a full disk say, is logged, and no reason not to start.
 */
export async function sealOlderSecrets({
  store,
  keyring,
  log,
}: Pick<EngineDeps, 'store' | 'keyring' | 'log'>): Promise<void> {
  try {
    let count = 0;
    for (let after: WebhookId | null = null, isLast = false; !isLast; ) {
      const batch = await sealSome({ store, keyring }, after);
      count += batch.count;
      after = batch.last;
      isLast = after === null;
    }
    if (count > 0) log.info('the secrets of webhooks were sealed', { count });
  } catch (error) {
    log.error('secrets of webhooks that lie unsealed could not be sealed; the next start tries again', { error });
  }
}

/** Seals the next ones; how many, and the last that was looked at, null when there are no more. */
async function sealSome(
  { store, keyring }: Pick<EngineDeps, 'store' | 'keyring'>,
  after: WebhookId | null,
): Promise<{ readonly count: number; readonly last: WebhookId | null }> {
  return await store.transaction(async ({ webhooks }) => {
    const found = await webhooks.list({ limit: BATCH, after });
    let count = 0;
    for (const webhook of found) {
      const next = sealOlder(keyring, webhook);
      if (next === webhook) continue;
      await webhooks.update({ ...next, revision: webhook.revision + 1 });
      count += 1;
    }
    return { count, last: found.length < BATCH ? null : (found.at(-1)?.id ?? null) };
  });
}

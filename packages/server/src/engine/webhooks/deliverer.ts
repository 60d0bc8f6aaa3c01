import { parseId, type WebhookId } from '../../domain/ids.ts';
import { type Courier, type CourierDeps, startCourier } from './courier.ts';

/** Webhooks are few (see `webhooks.maxCount`), so one page has them all. */
const PAGE = 500;
/** Old deliveries dropped in one transaction, and transactions in one round. */
const DROP = { rows: 500, transactions: 40 } as const;

/**
 * Has a courier at work for each webhook, so that one that fails delays no other, until the signal is aborted: then it resolves
 * when no request is under way. What was under way is sent again by the next server.
 */
export async function runDeliverer(deps: CourierDeps, { signal }: { readonly signal: AbortSignal }): Promise<void> {
  const { store, bus, clock, log, config } = deps;
  const couriers = new Map<WebhookId, Courier>();

  function ensure(id: WebhookId): void {
    const known = couriers.get(id);
    if (known !== undefined) {
      known.ring();
      return;
    }
    const courier = startCourier(deps, id, signal);
    couriers.set(id, courier);
    void courier.done.finally(() => couriers.delete(id));
  }

  const unsubscribe = [
    bus.subscribe('webhook', (key) => {
      const id = parseId('hook', key);
      if (id !== null && !signal.aborted) ensure(id);
    }),
    bus.subscribe('events', () => {
      for (const courier of couriers.values()) courier.ring();
    }),
  ];
  while (!signal.aborted) {
    try {
      for (const { id } of await store.webhooks.list({ limit: PAGE, after: null })) ensure(id);
    } catch (error) {
      log.error('webhooks could not be listed', { error });
    }
    await clock.sleep(config.timers.sweepMs, { signal }).catch(() => undefined);
  }
  for (const stop of unsubscribe) stop();
  await Promise.all([...couriers.values()].map(({ done }) => done));
}

/** Drops deliveries that were completed long ago; a bounded number of them, in short transactions. */
export async function dropOldDeliveries({
  store,
  config,
  ages,
}: Pick<CourierDeps, 'store' | 'config' | 'ages'>): Promise<void> {
  const completedBefore = ages.before(config.webhooks.keepDeliveriesMs);
  for (let i = 0; i < DROP.transactions; i++) {
    if ((await store.deliveries.deleteOld({ completedBefore, limit: DROP.rows })) < DROP.rows) return;
  }
}

import type {
  CreateWebhookRequest,
  Delivery,
  DeliveryPage,
  DeliveryState,
  ReplayWebhookRequest,
  UpdateWebhookRequest,
  Webhook,
  WebhookPage,
  WebhookWithSecret,
} from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { type ChangeOptions, createCollection } from './collection.ts';
import { allItems, type SelectedPageQuery } from './pages.ts';
import type { Repeatable } from './post-once.ts';
import type { Transport } from './transport.ts';

export interface DeliveryQuery {
  readonly limit?: number;
  readonly cursor?: string;
  /** `dead`: the dead-letter list. */
  readonly state?: DeliveryState;
}

/** `ifUnchangedSince`: change it only if its settings are still those of this webhook; else a `VolaryApiError` with status 412. */
export type WebhookChangeOptions = ChangeOptions<Pick<Webhook, 'id' | 'updated_at'>>;

/** Receivers of events, by signed HTTP requests or as messages of integrations. */
export interface WebhookClient {
  /** Its `secret`, unless you gave one, is told this once. */
  create(request: CreateWebhookRequest, options?: Repeatable): Promise<WebhookWithSecret>;
  get(id: string, options?: Abortable): Promise<Webhook>;
  list(query?: SelectedPageQuery, options?: Abortable): Promise<WebhookPage>;
  /** All pages, in the order they were made. */
  listAll(query?: Omit<SelectedPageQuery, 'cursor'>, options?: Abortable): AsyncIterable<Webhook>;
  /** Not sent again when the connection breaks: a second `rotate_secret` would make a second secret. */
  update(id: string, change: UpdateWebhookRequest, options?: WebhookChangeOptions): Promise<WebhookWithSecret>;
  delete(id: string, options?: WebhookChangeOptions): Promise<void>;
  /** Sends it an event, and resolves with what came of that. */
  test(id: string, options?: Repeatable): Promise<Delivery>;
  /** What did not arrive at once, newest first. */
  deliveries(id: string, query?: DeliveryQuery, options?: Abortable): Promise<DeliveryPage>;
  /** All pages. */
  allDeliveries(id: string, query?: Omit<DeliveryQuery, 'cursor'>, options?: Abortable): AsyncIterable<Delivery>;
  /** The same of all webhooks. */
  listDeliveries(query?: DeliveryQuery, options?: Abortable): Promise<DeliveryPage>;
  listAllDeliveries(query?: Omit<DeliveryQuery, 'cursor'>, options?: Abortable): AsyncIterable<Delivery>;
  replay(id: string, what: ReplayWebhookRequest, options?: Repeatable): Promise<Webhook>;
}

export function createWebhookClient(transport: Transport): WebhookClient {
  const { pathOf, create, get, list, listAll, update, post, remove } = createCollection<
    Webhook,
    SelectedPageQuery,
    Pick<Webhook, 'id' | 'updated_at'>
  >(transport, '/v1/webhooks', ({ updated_at }) => Date.parse(updated_at));
  const client: WebhookClient = {
    ...{ create, get, list, listAll, update, delete: remove },
    test: (id, options) => post(id, 'test', {}, options),
    deliveries: (id, query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: pathOf(id, 'deliveries'), query: { ...query }, signal }),
    allDeliveries: (id, query = {}, options = {}) =>
      allItems((cursor) => client.deliveries(id, cursor === undefined ? query : { ...query, cursor }, options)),
    listDeliveries: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/webhook-deliveries', query: { ...query }, signal }),
    listAllDeliveries: (query = {}, options = {}) =>
      allItems((cursor) => client.listDeliveries(cursor === undefined ? query : { ...query, cursor }, options)),
    replay: (id, what, options) => post(id, 'replay', what, options),
  };
  return client;
}

import { expect } from 'vitest';
import type { EventType } from '../../domain/events.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Delivery, DeliveryState } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import { type Receiver, startReceiver } from '../../lib/testing/http-receiver.ts';
import type { Integration } from '../../ports/integration.ts';
import type { CreateWebhookRequest } from '../apis/webhook-api.ts';
import type { EngineConfig, WebhookLimits } from '../deps.ts';
import { ADMIN, createInstallation, type TestServer } from '../installation.test-kit.ts';

/** Nobody goes away. */
export const STAYING = { signal: new AbortController().signal };
/** Tries come quickly after each other. */
export const QUICK: Partial<WebhookLimits> = { firstRetryMs: 10, longestRetryMs: 20 };

/** A server, and a receiver of what it sends. */
export interface WebhookTrial extends AsyncDisposable {
  readonly receiver: Receiver;
  readonly server: TestServer;
  /** With the database and the keys. */
  readonly dataDir: string;
  /** Stops the server and starts another one; `between` is done while there is none. */
  restart(between: () => void): Promise<void>;
  /** So many events happen: changes of a webhook that is told of nothing. */
  tick(times?: number): Promise<void>;
  /** A webhook that is told of everything, at the receiver, but for what is said. */
  add(change?: Partial<CreateWebhookRequest>, principal?: Principal): Promise<Webhook>;
  setEnabled(webhook: Webhook, isEnabled: boolean): Promise<void>;
  get(webhook: Webhook): Promise<Webhook>;
  /** Waits until the webhook is so. */
  until(webhook: Webhook, expected: Partial<Webhook>): Promise<void>;
  deliveriesOf(webhook: Webhook, state?: DeliveryState): Promise<readonly Delivery[]>;
  eventsOf(type: EventType): Promise<readonly object[]>;
}

/** Starts both. One webhook is there already, which is disabled. */
export async function startWebhookTrial(
  limits: Partial<WebhookLimits> = QUICK,
  timers: Partial<EngineConfig['timers']> = {},
  integrations: readonly Integration[] = [],
): Promise<WebhookTrial> {
  const receiver = await startReceiver();
  const installation = createInstallation({ settings: timers, webhooks: limits, integrations });
  let server = await installation.start();

  async function add(change: Partial<CreateWebhookRequest> = {}, principal: Principal = ADMIN): Promise<Webhook> {
    const settings = { types: null, vm: null, secret: null, description: '', labels: {}, isEnabled: true };
    const all = { url: receiver.url, ...settings };
    return (await server.engine.webhooks.create(principal, { ...all, ...change }, STAYING)).webhook;
  }

  const ticker = await add({ isEnabled: false });
  const trial: WebhookTrial = {
    receiver,
    dataDir: installation.dataDir,
    get server() {
      return server;
    },
    async restart(between) {
      await server.stop();
      between();
      server = await installation.start();
    },
    async tick(times = 1) {
      for (let i = 0; i < times; i++)
        await server.engine.webhooks.update(ADMIN, ticker.id, { description: `${i}` }, STAYING);
    },
    add,
    async setEnabled({ id }, isEnabled) {
      await server.engine.webhooks.update(ADMIN, id, { isEnabled }, STAYING);
    },
    get: ({ id }) => server.engine.webhooks.get(ADMIN, id),
    async until(webhook, expected) {
      await expect.poll(() => trial.get(webhook), { timeout: 10_000, interval: 5 }).toMatchObject(expected);
    },
    async deliveriesOf({ id }, state) {
      const of = state === undefined ? {} : { state };
      return (await server.engine.webhooks.deliveries(ADMIN, id, { limit: 100, after: null, ...of })).items;
    },
    eventsOf: (type) => server.store.events.list({ after: 0, limit: 100, types: [type] }),
    async [Symbol.asyncDispose]() {
      await installation[Symbol.asyncDispose]();
      await receiver[Symbol.asyncDispose]();
    },
  };
  return trial;
}

/** The sequences that the receiver was told of, in their order. */
export function told({ received }: Receiver): readonly number[] {
  return received.map(({ headers }) => Number(headers['volary-event-id']));
}

/** So many numbers from `first` on. */
export function numbersFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

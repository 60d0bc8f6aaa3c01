import {
  DELIVERY_KINDS,
  DELIVERY_STATES,
  type Delivery as DeliveryDto,
  TRY_ERRORS,
  type Webhook as WebhookDto,
} from '@volary/contract';
import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../../domain/webhook/delivery.ts';
import * as deliveries from '../../../domain/webhook/delivery.ts';
import type { Webhook } from '../../../domain/webhook/webhook.ts';
import type { Nothing, Places, Unfilled } from './mapping.test-kit.ts';

const WEBHOOK = {
  id: ['id'],
  url: ['url'],
  target: ['target'],
  types: ['types'],
  vmId: ['vm_id'],
  eventsOf: ['events_of'],
  description: ['description'],
  labels: ['labels'],
  secrets: ['secret_count'],
  isEnabled: ['is_enabled'],
  disabledBecause: ['disabled_because'],
  cursor: ['last_sequence'],
  failures: ['failure_count', 'failing_since'],
  lastDeliveredAt: ['last_delivered_at'],
  owner: ['owner'],
  createdAt: ['created_at'],
  updatedAt: ['updated_at'],
  revision: { inside: 'rises with each event that is delivered; nobody can ask for a change by it' },
} as const satisfies Places<Webhook, WebhookDto>;

const DELIVERY = {
  id: ['id'],
  webhookId: ['webhook_id'],
  kind: ['kind'],
  state: ['state'],
  firstSequence: ['first_sequence'],
  sequence: ['sequence'],
  event: ['event'],
  tries: ['tries'],
  firstTriedAt: { inside: 'the beginning of the time after which it is given up' },
  nextTryAt: ['next_try_at'],
  lastTry: ['last_try'],
  createdAt: ['created_at'],
  completedAt: ['completed_at'],
} as const satisfies Places<Delivery, DeliveryDto>;

const unfilled: readonly Nothing<Unfilled<WebhookDto, typeof WEBHOOK> | Unfilled<DeliveryDto, typeof DELIVERY>>[] = [];

describe('webhooks and /v1', () => {
  it('have a place for each other’s fields', () => {
    expect(unfilled).toEqual([]);
  });

  it('have the same words', () => {
    expect([...DELIVERY_STATES]).toEqual([...deliveries.DELIVERY_STATES]);
    expect([...DELIVERY_KINDS]).toEqual([...deliveries.DELIVERY_KINDS]);
    expect([...TRY_ERRORS]).toEqual([...deliveries.TRY_ERRORS]);
  });
});

import type { Alert, AlertKind, AlertPage, AlertState } from '@volary/contract';
import type { Abortable } from './abortable.ts';
import { allItems } from './pages.ts';
import type { Transport } from './transport.ts';

export interface AlertQuery {
  readonly limit?: number;
  readonly cursor?: string;
  /** By id or name. */
  readonly vm?: string;
  readonly state?: AlertState;
  readonly kind?: AlertKind;
}

/** What is wrong with VMs, and was. */
export interface AlertClient {
  /** Newest first, with how many fire. */
  list(query?: AlertQuery, options?: Abortable): Promise<AlertPage>;
  /** All pages, newest first. */
  listAll(query?: Omit<AlertQuery, 'cursor'>, options?: Abortable): AsyncIterable<Alert>;
}

export function createAlertClient(transport: Transport): AlertClient {
  const client: AlertClient = {
    list: (query = {}, { signal } = {}) =>
      transport.json({ method: 'GET', path: '/v1/alerts', query: { ...query }, signal }),
    listAll: (query = {}, options = {}) =>
      allItems((cursor) => client.list(cursor === undefined ? query : { ...query, cursor }, options)),
  };
  return client;
}

/**
 * The store over any database. Reads outside of a transaction go to the backend's reader and wait for nobody; every
 * write is a transaction, by itself or as a part of the caller's.
 */
import type { Kysely } from 'kysely';
import type { Store, Tables } from '../../../ports/store.ts';
import type { DatabaseBackend } from './connection.ts';
import type { TableDefinition, VmChanges } from './define-table.ts';
import type { Schema } from './schema.ts';
import { ALERT_TABLE } from './tables/alert-table.ts';
import { API_KEY_TABLE } from './tables/api-key-table.ts';
import { AUDIT_TABLE } from './tables/audit-table.ts';
import { BATCH_ORDER_TABLE } from './tables/batch-order-table.ts';
import { DELIVERY_TABLE } from './tables/delivery-table.ts';
import { DEPLOYMENT_TABLE } from './tables/deployment-table.ts';
import { EVENT_TABLE } from './tables/event-table.ts';
import { EXECUTION_TABLE } from './tables/execution-table.ts';
import { IDEMPOTENCY_KEY_TABLE } from './tables/idempotency-key-table.ts';
import { IMAGE_TABLE } from './tables/image-table.ts';
import { LEASE_TABLE } from './tables/lease-table.ts';
import { NAMED_LABEL_TABLE } from './tables/named-label-table.ts';
import { NETWORK_TABLE } from './tables/network-table.ts';
import { OPERATION_TABLE } from './tables/operation-table.ts';
import { RECEIVED_DELIVERY_TABLE } from './tables/received-delivery-table.ts';
import { ROLE_TABLE } from './tables/role-table.ts';
import { SECRET_TABLE } from './tables/secret-table.ts';
import { SECURITY_GROUP_TABLE } from './tables/security-group-table.ts';
import { SESSION_TABLE } from './tables/session-table.ts';
import { SETTING_TABLE } from './tables/setting-table.ts';
import { SIGNING_KEY_TABLE } from './tables/signing-key-table.ts';
import { SNAPSHOT_TABLE } from './tables/snapshot-table.ts';
import { TEMPLATE_TABLE } from './tables/template-table.ts';
import { USER_TABLE } from './tables/user-table.ts';
import { VM_REVISION_TABLE } from './tables/vm-revision-table.ts';
import { VM_TABLE } from './tables/vm-table.ts';
import { VOLUME_TABLE } from './tables/volume-table.ts';
import { WEBHOOK_TABLE } from './tables/webhook-table.ts';
import { WORKSPACE_TABLE } from './tables/workspace-table.ts';

/** The store in `backend`, whose tables are there. `compiler` builds the queries in the backend's dialect. */
export function createStore(backend: DatabaseBackend, compiler: Kysely<Schema>): Store {
  let vmChanges = 0;

  async function inTransaction<T>(work: (open: OpenTable) => Promise<T>): Promise<T> {
    let hasChangedVms = false;
    const changes: VmChanges = {
      // What a transaction reads may never be committed, so nobody may keep it by the count.
      changeCount: () => null,
      onChange: () => {
        hasChangedVms = true;
      },
    };
    try {
      return await backend.transaction((connection) => work((table) => table.open(connection, compiler, changes)));
    } finally {
      // Also after a failure: whether a commit that failed has been made is not always known.
      if (hasChangedVms) vmChanges += 1;
    }
  }

  /**
   * The table as seen from outside of transactions: what it reads is committed, and each write is a transaction by
   * itself.
   */
  function openOutside<Table extends object>(table: TableDefinition<Table>): Table {
    const reading = table.open(backend.reader, compiler, {
      changeCount: () => (backend.isOnlyWriter ? vmChanges : null),
      onChange: () => undefined,
    });
    const writes = writesOf(table).map((method) => [
      method,
      (...args: readonly unknown[]) => inTransaction((open) => call(open(table), method, args)),
    ]);
    return Object.assign(reading, Object.fromEntries(writes));
  }

  return {
    ...allTables(openOutside),
    transaction: (work) => inTransaction((open) => work(allTables(open))),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

type OpenTable = <Table extends object>(table: TableDefinition<Table>) => Table;

function allTables(open: OpenTable): Tables {
  return {
    vms: open(VM_TABLE),
    vmRevisions: open(VM_REVISION_TABLE),
    operations: open(OPERATION_TABLE),
    executions: open(EXECUTION_TABLE),
    events: open(EVENT_TABLE),
    settings: open(SETTING_TABLE),
    idempotencyKeys: open(IDEMPOTENCY_KEY_TABLE),
    webhooks: open(WEBHOOK_TABLE),
    deliveries: open(DELIVERY_TABLE),
    snapshots: open(SNAPSHOT_TABLE),
    users: open(USER_TABLE),
    roles: open(ROLE_TABLE),
    apiKeys: open(API_KEY_TABLE),
    sessions: open(SESSION_TABLE),
    signingKeys: open(SIGNING_KEY_TABLE),
    secrets: open(SECRET_TABLE),
    templates: open(TEMPLATE_TABLE),
    audit: open(AUDIT_TABLE),
    images: open(IMAGE_TABLE),
    deployments: open(DEPLOYMENT_TABLE),
    workspaces: open(WORKSPACE_TABLE),
    networks: open(NETWORK_TABLE),
    leases: open(LEASE_TABLE),
    securityGroups: open(SECURITY_GROUP_TABLE),
    volumes: open(VOLUME_TABLE),
    alerts: open(ALERT_TABLE),
    batchOrders: open(BATCH_ORDER_TABLE),
    namedLabels: open(NAMED_LABEL_TABLE),
    receivedDeliveries: open(RECEIVED_DELIVERY_TABLE),
  };
}

function writesOf({ methods }: TableDefinition<object>): readonly string[] {
  return Object.entries(methods).flatMap(([method, does]) => (does === 'writes' ? [method] : []));
}

async function call(table: object, method: string, args: readonly unknown[]): Promise<unknown> {
  const act: unknown = Reflect.get(table, method);
  if (typeof act !== 'function') throw new TypeError(`the table has no ${method}`);
  return await act.apply(table, args);
}

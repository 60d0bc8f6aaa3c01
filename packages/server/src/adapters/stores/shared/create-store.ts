/**
 * The store over any database. Reads outside of a transaction go to the backend's reader and wait for nobody; every write
 * is a transaction, by itself or as a part of the caller's.
 */
import type { Kysely } from 'kysely';
import type { Store, Tables } from '../../../ports/store.ts';
import type { Connection, DatabaseBackend } from './connection.ts';
import type { Schema } from './schema.ts';
import { createAlertStatements, createAlertTable } from './tables/alert-table.ts';
import { createApiKeyStatements, createApiKeyTable } from './tables/api-key-table.ts';
import { createAuditStatements, createAuditTable } from './tables/audit-table.ts';
import { createBatchOrderStatements, createBatchOrderTable } from './tables/batch-order-table.ts';
import { createDeliveryStatements, createDeliveryTable } from './tables/delivery-table.ts';
import { createDeploymentStatements, createDeploymentTable } from './tables/deployment-table.ts';
import { createEventStatements, createEventTable } from './tables/event-table.ts';
import { createExecutionStatements, createExecutionTable } from './tables/execution-table.ts';
import { createIdempotencyKeyStatements, createIdempotencyKeyTable } from './tables/idempotency-key-table.ts';
import { createImageStatements, createImageTable } from './tables/image-table.ts';
import { createLeaseStatements, createLeaseTable } from './tables/lease-table.ts';
import { createNamedLabelStatements, createNamedLabelTable } from './tables/named-label-table.ts';
import { createNetworkStatements, createNetworkTable } from './tables/network-table.ts';
import { createOperationStatements, createOperationTable } from './tables/operation-table.ts';
import { createReceivedDeliveryStatements, createReceivedDeliveryTable } from './tables/received-delivery-table.ts';
import { createRoleStatements, createRoleTable } from './tables/role-table.ts';
import { createSecretStatements, createSecretTable } from './tables/secret-table.ts';
import { createSecurityGroupStatements, createSecurityGroupTable } from './tables/security-group-table.ts';
import { createSessionStatements, createSessionTable } from './tables/session-table.ts';
import { createSettingStatements, createSettingTable } from './tables/setting-table.ts';
import { createSigningKeyStatements, createSigningKeyTable } from './tables/signing-key-table.ts';
import { createSnapshotStatements, createSnapshotTable } from './tables/snapshot-table.ts';
import { createTemplateStatements, createTemplateTable } from './tables/template-table.ts';
import { createUserStatements, createUserTable } from './tables/user-table.ts';
import { createVmRevisionStatements, createVmRevisionTable } from './tables/vm-revision-table.ts';
import { createVmStatements, createVmTable } from './tables/vm-table.ts';
import { createVolumeStatements, createVolumeTable } from './tables/volume-table.ts';
import { createWebhookStatements, createWebhookTable } from './tables/webhook-table.ts';
import { createWorkspaceStatements, createWorkspaceTable } from './tables/workspace-table.ts';

/** The store in `backend`, whose tables are there. `compiler` builds the queries in the backend's dialect. */
export function createStore(backend: DatabaseBackend, compiler: Kysely<Schema>): Store {
  const statements = {
    vms: createVmStatements(compiler),
    vmRevisions: createVmRevisionStatements(compiler),
    operations: createOperationStatements(compiler),
    executions: createExecutionStatements(compiler),
    events: createEventStatements(compiler),
    settings: createSettingStatements(compiler),
    idempotencyKeys: createIdempotencyKeyStatements(compiler),
    webhooks: createWebhookStatements(compiler),
    deliveries: createDeliveryStatements(compiler),
    snapshots: createSnapshotStatements(compiler),
    users: createUserStatements(compiler),
    roles: createRoleStatements(compiler),
    apiKeys: createApiKeyStatements(compiler),
    sessions: createSessionStatements(compiler),
    signingKeys: createSigningKeyStatements(compiler),
    secrets: createSecretStatements(compiler),
    templates: createTemplateStatements(compiler),
    audit: createAuditStatements(compiler),
    images: createImageStatements(compiler),
    deployments: createDeploymentStatements(compiler),
    workspaces: createWorkspaceStatements(compiler),
    securityGroups: createSecurityGroupStatements(compiler),
    leases: createLeaseStatements(compiler),
    networks: createNetworkStatements(compiler),
    volumes: createVolumeStatements(compiler),
    alerts: createAlertStatements(compiler),
    batchOrders: createBatchOrderStatements(compiler),
    namedLabels: createNamedLabelStatements(compiler),
    receivedDeliveries: createReceivedDeliveryStatements(compiler),
  };
  let vmChanges = 0;

  function tablesOver(connection: Connection, vms: Parameters<typeof createVmTable>[2]): Tables {
    return {
      vms: createVmTable(connection, statements.vms, vms),
      vmRevisions: createVmRevisionTable(connection, statements.vmRevisions),
      operations: createOperationTable(connection, statements.operations),
      executions: createExecutionTable(connection, statements.executions),
      events: createEventTable(connection, statements.events),
      settings: createSettingTable(connection, statements.settings),
      idempotencyKeys: createIdempotencyKeyTable(connection, statements.idempotencyKeys),
      webhooks: createWebhookTable(connection, statements.webhooks),
      deliveries: createDeliveryTable(connection, statements.deliveries),
      snapshots: createSnapshotTable(connection, statements.snapshots),
      users: createUserTable(connection, statements.users),
      roles: createRoleTable(connection, statements.roles),
      apiKeys: createApiKeyTable(connection, statements.apiKeys),
      sessions: createSessionTable(connection, statements.sessions),
      signingKeys: createSigningKeyTable(connection, statements.signingKeys),
      secrets: createSecretTable(connection, statements.secrets),
      templates: createTemplateTable(connection, statements.templates),
      audit: createAuditTable(connection, statements.audit),
      images: createImageTable(connection, statements.images),
      deployments: createDeploymentTable(connection, statements.deployments),
      workspaces: createWorkspaceTable(connection, statements.workspaces),
      securityGroups: createSecurityGroupTable(connection, statements.securityGroups),
      leases: createLeaseTable(connection, statements.leases),
      networks: createNetworkTable(connection, statements.networks),
      volumes: createVolumeTable(connection, statements.volumes),
      alerts: createAlertTable(connection, statements.alerts),
      batchOrders: createBatchOrderTable(connection, statements.batchOrders),
      namedLabels: createNamedLabelTable(connection, statements.namedLabels),
      receivedDeliveries: createReceivedDeliveryTable(connection, statements.receivedDeliveries),
    };
  }

  async function transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    let hasChangedVms = false;
    const onChange = (): void => {
      hasChangedVms = true;
    };
    try {
      // What a transaction reads may never be committed, so nobody may keep it by the count.
      return await backend.transaction((connection) =>
        work(tablesOver(connection, { changeCount: () => null, onChange })),
      );
    } finally {
      // Also after a failure: whether a commit that failed has been made is not always known.
      if (hasChangedVms) vmChanges += 1;
    }
  }

  const reading = tablesOver(backend.reader, {
    changeCount: () => (backend.isOnlyWriter ? vmChanges : null),
    onChange: () => undefined,
  });
  return {
    ...writesAsTransactions(reading, transaction),
    transaction,
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
  };
}

/** The tables as seen from outside of transactions: they read by `reading`, and each write is a transaction by itself. */
function writesAsTransactions(reading: Tables, transaction: Store['transaction']): Tables {
  return {
    vms: {
      ...reading.vms,
      insert: (vm) => transaction(({ vms }) => vms.insert(vm)),
      update: (vm) => transaction(({ vms }) => vms.update(vm)),
      delete: (id, revision) => transaction(({ vms }) => vms.delete(id, revision)),
    },
    vmRevisions: {
      ...reading.vmRevisions,
      insert: (...revision) => transaction(({ vmRevisions }) => vmRevisions.insert(...revision)),
      delete: (...which) => transaction(({ vmRevisions }) => vmRevisions.delete(...which)),
    },
    operations: {
      ...reading.operations,
      insert: (operation) => transaction(({ operations }) => operations.insert(operation)),
      update: (operation) => transaction(({ operations }) => operations.update(operation)),
      deleteFinished: (which) => transaction(({ operations }) => operations.deleteFinished(which)),
    },
    executions: {
      ...reading.executions,
      insert: (execution) => transaction(({ executions }) => executions.insert(execution)),
      update: (execution) => transaction(({ executions }) => executions.update(execution)),
      appendOutput: (...chunk) => transaction(({ executions }) => executions.appendOutput(...chunk)),
      appendNewest: (...chunk) => transaction(({ executions }) => executions.appendNewest(...chunk)),
      deleteFinished: (which) => transaction(({ executions }) => executions.deleteFinished(which)),
      deleteOfVm: (vmId) => transaction(({ executions }) => executions.deleteOfVm(vmId)),
    },
    alerts: {
      ...reading.alerts,
      insert: (alert) => transaction(({ alerts }) => alerts.insert(alert)),
      resolve: (...which) => transaction(({ alerts }) => alerts.resolve(...which)),
      deleteResolved: (which) => transaction(({ alerts }) => alerts.deleteResolved(which)),
    },
    events: {
      ...reading.events,
      append: (added) => transaction(({ events }) => events.append(added)),
      trim: (what) => transaction(({ events }) => events.trim(what)),
    },
    settings: {
      ...reading.settings,
      getOrInsert: (name, value) => transaction(({ settings }) => settings.getOrInsert(name, value)),
    },
    idempotencyKeys: {
      ...reading.idempotencyKeys,
      insert: (request) => transaction(({ idempotencyKeys }) => idempotencyKeys.insert(request)),
      keepAnswer: (...kept) => transaction(({ idempotencyKeys }) => idempotencyKeys.keepAnswer(...kept)),
      delete: (request) => transaction(({ idempotencyKeys }) => idempotencyKeys.delete(request)),
      deleteOld: (which) => transaction(({ idempotencyKeys }) => idempotencyKeys.deleteOld(which)),
    },
    webhooks: {
      ...reading.webhooks,
      insert: (webhook) => transaction(({ webhooks }) => webhooks.insert(webhook)),
      update: (webhook) => transaction(({ webhooks }) => webhooks.update(webhook)),
      delete: (id) => transaction(({ webhooks }) => webhooks.delete(id)),
    },
    deliveries: {
      ...reading.deliveries,
      insert: (delivery) => transaction(({ deliveries }) => deliveries.insert(delivery)),
      update: (delivery) => transaction(({ deliveries }) => deliveries.update(delivery)),
      restartWaiting: (...which) => transaction(({ deliveries }) => deliveries.restartWaiting(...which)),
      deleteWaitingEvents: (which) => transaction(({ deliveries }) => deliveries.deleteWaitingEvents(which)),
      deleteOld: (which) => transaction(({ deliveries }) => deliveries.deleteOld(which)),
    },
    snapshots: {
      ...reading.snapshots,
      insert: (snapshot) => transaction(({ snapshots }) => snapshots.insert(snapshot)),
      update: (snapshot) => transaction(({ snapshots }) => snapshots.update(snapshot)),
      delete: (id, revision) => transaction(({ snapshots }) => snapshots.delete(id, revision)),
    },
    users: {
      ...reading.users,
      insert: (user) => transaction(({ users }) => users.insert(user)),
      update: (user) => transaction(({ users }) => users.update(user)),
      markLogin: (id, at) => transaction(({ users }) => users.markLogin(id, at)),
    },
    roles: {
      ...reading.roles,
      insert: (role) => transaction(({ roles }) => roles.insert(role)),
      update: (role) => transaction(({ roles }) => roles.update(role)),
      delete: (name) => transaction(({ roles }) => roles.delete(name)),
    },
    apiKeys: {
      ...reading.apiKeys,
      insert: (key) => transaction(({ apiKeys }) => apiKeys.insert(key)),
      update: (key) => transaction(({ apiKeys }) => apiKeys.update(key)),
      markUsed: (id, at) => transaction(({ apiKeys }) => apiKeys.markUsed(id, at)),
      delete: (id) => transaction(({ apiKeys }) => apiKeys.delete(id)),
      deleteOf: (owner) => transaction(({ apiKeys }) => apiKeys.deleteOf(owner)),
    },
    sessions: {
      ...reading.sessions,
      insert: (session) => transaction(({ sessions }) => sessions.insert(session)),
      update: (session) => transaction(({ sessions }) => sessions.update(session)),
      endAllOf: (...which) => transaction(({ sessions }) => sessions.endAllOf(...which)),
      endBeyond: (...which) => transaction(({ sessions }) => sessions.endBeyond(...which)),
      deleteOld: (which) => transaction(({ sessions }) => sessions.deleteOld(which)),
    },
    signingKeys: {
      ...reading.signingKeys,
      insert: (key) => transaction(({ signingKeys }) => signingKeys.insert(key)),
      reseal: (...key) => transaction(({ signingKeys }) => signingKeys.reseal(...key)),
      delete: (keyId) => transaction(({ signingKeys }) => signingKeys.delete(keyId)),
    },
    networks: {
      ...reading.networks,
      insert: (network) => transaction(({ networks }) => networks.insert(network)),
      update: (network) => transaction(({ networks }) => networks.update(network)),
      delete: (id, revision) => transaction(({ networks }) => networks.delete(id, revision)),
    },
    leases: { ...reading.leases, insert: (lease) => transaction(({ leases }) => leases.insert(lease)) },
    volumes: {
      ...reading.volumes,
      insert: (volume) => transaction(({ volumes }) => volumes.insert(volume)),
      update: (volume) => transaction(({ volumes }) => volumes.update(volume)),
      delete: (id, revision) => transaction(({ volumes }) => volumes.delete(id, revision)),
      attach: (attachment) => transaction(({ volumes }) => volumes.attach(attachment)),
      detach: (id, vmId) => transaction(({ volumes }) => volumes.detach(id, vmId)),
    },
    batchOrders: {
      ...reading.batchOrders,
      insert: (...orders) => transaction(({ batchOrders }) => batchOrders.insert(...orders)),
    },
    namedLabels: {
      ...reading.namedLabels,
      put: (...labels) => transaction(({ namedLabels }) => namedLabels.put(...labels)),
    },
    receivedDeliveries: {
      ...reading.receivedDeliveries,
      insert: (delivery) => transaction(({ receivedDeliveries }) => receivedDeliveries.insert(delivery)),
      deleteOld: (which) => transaction(({ receivedDeliveries }) => receivedDeliveries.deleteOld(which)),
    },
    securityGroups: {
      ...reading.securityGroups,
      insert: (group) => transaction(({ securityGroups }) => securityGroups.insert(group)),
      update: (group) => transaction(({ securityGroups }) => securityGroups.update(group)),
      delete: (id, revision) => transaction(({ securityGroups }) => securityGroups.delete(id, revision)),
    },
    secrets: {
      ...reading.secrets,
      insert: (secret) => transaction(({ secrets }) => secrets.insert(secret)),
      update: (secret) => transaction(({ secrets }) => secrets.update(secret)),
      noteUsed: (...used) => transaction(({ secrets }) => secrets.noteUsed(...used)),
      delete: (id, revision) => transaction(({ secrets }) => secrets.delete(id, revision)),
    },
    templates: {
      ...reading.templates,
      insert: (template) => transaction(({ templates }) => templates.insert(template)),
      update: (template) => transaction(({ templates }) => templates.update(template)),
      noteUsed: (...used) => transaction(({ templates }) => templates.noteUsed(...used)),
      delete: (...which) => transaction(({ templates }) => templates.delete(...which)),
    },
    audit: {
      ...reading.audit,
      append: (entries) => transaction(({ audit }) => audit.append(entries)),
      deleteOld: (which) => transaction(({ audit }) => audit.deleteOld(which)),
    },
    images: {
      ...reading.images,
      put: (image) => transaction(({ images }) => images.put(image)),
      delete: (name) => transaction(({ images }) => images.delete(name)),
      putRequest: (...request) => transaction(({ images }) => images.putRequest(...request)),
      keepRequests: (ids) => transaction(({ images }) => images.keepRequests(ids)),
      noteUsed: (...used) => transaction(({ images }) => images.noteUsed(...used)),
      forgetUse: (name) => transaction(({ images }) => images.forgetUse(name)),
    },
    deployments: {
      ...reading.deployments,
      insert: (deployment) => transaction(({ deployments }) => deployments.insert(deployment)),
      update: (deployment) => transaction(({ deployments }) => deployments.update(deployment)),
      delete: (...which) => transaction(({ deployments }) => deployments.delete(...which)),
      insertRevision: (revision) => transaction(({ deployments }) => deployments.insertRevision(revision)),
      dropRevisions: (...which) => transaction(({ deployments }) => deployments.dropRevisions(...which)),
    },
    workspaces: {
      ...reading.workspaces,
      insert: (workspace) => transaction(({ workspaces }) => workspaces.insert(workspace)),
      update: (workspace) => transaction(({ workspaces }) => workspaces.update(workspace)),
      deleteOfVm: (vmId) => transaction(({ workspaces }) => workspaces.deleteOfVm(vmId)),
    },
  };
}

import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../ports/store.ts';
import { sampleBatchOrders } from '../../../ports/store-contract/batch-orders.contract.ts';
import {
  sampleDeployment,
  sampleDeploymentRevision,
} from '../../../ports/store-contract/deployment-samples.contract.ts';
import { refusal } from '../../../ports/store-contract/fixture.contract.ts';
import {
  numberedId,
  sampleApiKey,
  sampleAuditEntry,
  sampleDelivery,
  sampleEvent,
  sampleExecution,
  sampleImage,
  sampleKeyedRequest,
  sampleOperation,
  sampleRole,
  sampleSession,
  sampleSnapshot,
  sampleTemplate,
  sampleUser,
  sampleVm,
  sampleWebhook,
} from '../../../ports/store-contract/samples.contract.ts';
import { sampleWorkspace } from '../../../ports/store-contract/workspace-samples.contract.ts';
import { makeSqliteFixture, type SqliteFixture } from './sqlite-store.fixture.ts';

const VM = numberedId('vm', 1);
const EXEC = numberedId('exec', 1);

/** What is changed in the row behind the store's back, and how the damage is told of. */
const VM_DAMAGE = [
  ["labels = '{'", 'labels'],
  ['labels = \'{"a":1}\'', 'labels.a'],
  ["labels = '[]'", 'labels'],
  ["metadata = '7'", 'metadata'],
  ["phase = 'dancing'", 'phase'],
  ["phase = 'failed'", 'failure'],
  ["phase = 'starting'", 'phase'],
  ["phase_operation_id = 'op_1'", 'phase'],
  ["network = '{}'", 'network.mode'],
  ['handle = \'{"driver":"qemu","version":1}\'', 'handle.state'],
  ["memory_mib = 'much'", 'memory_mib'],
  ['generation = -1', 'generation'],
  ['revision = 1.5', 'revision'],
  ["desired_power = ''", 'desired_power'],
  ["host_id = 'vm_00000000000000000000000000'", 'host_id'],
  ["owner = x'00'", 'owner'],
  ["origin_snapshot_id = 'snap_00000000000000000000000000'", 'origin_incarnation'],
] as const;

describe('a damaged row', () => {
  let fixture: SqliteFixture;
  let store: Store;

  beforeEach(async () => {
    fixture = makeSqliteFixture();
    store = await fixture.open();
    await store.vms.insert(sampleVm(1));
    await store.operations.insert(sampleOperation(1, VM));
    await store.executions.insert(sampleExecution(1, VM));
    await store.executions.appendOutput(EXEC, 'stdout', 0, new Uint8Array(10));
    await store.executions.appendOutput(EXEC, 'stdout', 10, new Uint8Array(10));
    await store.events.append([sampleEvent(VM, 'a')]);
    await store.idempotencyKeys.insert(sampleKeyedRequest(1));
    await store.webhooks.insert(sampleWebhook(1));
    await store.deliveries.insert(sampleDelivery(1));
    await store.snapshots.insert(sampleSnapshot(1));
    await store.templates.insert(sampleTemplate(1));
    await store.users.insert(sampleUser(1));
    await store.roles.insert(sampleRole('dev'));
    await store.apiKeys.insert(sampleApiKey(1));
    await store.sessions.insert(sampleSession(1));
    await store.audit.append([sampleAuditEntry()]);
    await store.images.put(sampleImage('web'));
    await store.images.noteUsed('d', 1);
    await store.deployments.insert(sampleDeployment(1));
    await store.deployments.insertRevision(sampleDeploymentRevision(sampleDeployment(1), 1));
    await store.workspaces.insert(sampleWorkspace(1));
    await store.signingKeys.insert({ keyId: 'k', jwk: {}, sealedPrivateKey: '', createdAt: 1, signsFrom: 1 });
  });
  afterEach(async () => {
    await fixture[Symbol.asyncDispose]();
  });

  function damage(statement: string): void {
    const database = new Database(fixture.path);
    database.exec(statement);
    database.close();
  }

  it.each(VM_DAMAGE)('of a VM (%s) is told by its id and its field', async (change, field) => {
    damage(`UPDATE vms SET ${change}`);
    const damaged = refusal('data_loss', 'store.damaged', { what: 'vm', id: VM, field });

    await expect(store.vms.get(VM)).rejects.toEqual(damaged);
    await expect(store.vms.list({ limit: 9, after: null })).rejects.toEqual(damaged);
  });

  it.each([
    ["state = 'odd'", 'state'],
    ["subject_kind = 'host'", 'subject_kind'],
    ['vm_id = NULL', 'vm_id'],
    ["steps = '[{}]'", 'steps.0.name'],
    ['error = \'{"code":"odd"}\'', 'error.code'],
    ["progress = 'null'", 'progress'],
    ["result = ''", 'result'],
  ])('of an operation (%s)', async (change, field) => {
    damage(`UPDATE operations SET ${change}`);

    await expect(store.operations.get(numberedId('op', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'operation', id: numberedId('op', 1), field }),
    );
  });

  it.each([
    ["roles = '[1]'", 'roles.0'],
    ["state = 'asleep'", 'state'],
    ["source = 'heaven'", 'source'],
    ['mfa = \'{"sealedSecret":"s","confirmedAt":null,"lastUsedStep":-1,"recoveryDigests":[]}\'', 'mfa.lastUsedStep'],
    ["quota = '[]'", 'quota'],
  ])('of a user (%s)', async (change, field) => {
    damage(`UPDATE users SET ${change}`);

    await expect(store.users.get(numberedId('usr', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'user', id: numberedId('usr', 1), field }),
    );
  });

  it('of a role, and of an API key', async () => {
    damage("UPDATE roles SET permissions = '{}'");
    damage("UPDATE api_keys SET permissions = '[1]'");

    await expect(store.roles.get('dev')).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'role', id: 'dev', field: 'permissions' }),
    );
    await expect(store.apiKeys.get(numberedId('key', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'API key', id: numberedId('key', 1), field: 'permissions.0' }),
    );
  });

  it.each([
    ['rotates = 2', 'rotates'],
    ["user_id = 'usr_1'", 'user_id'],
    ['ended_at = 1', 'ended_because'],
    ["ended_at = 1, ended_because = 'odd'", 'ended_because'],
    ["ended_because = 'revoked'", 'ended_at'],
  ])('of a session (%s)', async (change, field) => {
    damage(`PRAGMA foreign_keys = OFF; UPDATE sessions SET ${change}`);

    await expect(store.sessions.get(numberedId('sess', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'session', id: numberedId('sess', 1), field }),
    );
  });

  it.each([
    ["result = 'maybe'", 'result'],
    ["credential_kind = 'charm'", 'credential_kind'],
    ["details = '[]'", 'details'],
  ])('of an audit entry (%s)', async (change, field) => {
    damage(`DROP TRIGGER audit_is_append_only; UPDATE audit SET ${change}`);

    await expect(store.audit.list({ order: 'oldest-first', limit: 9, after: null })).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'audit entry', id: 1, field }),
    );
  });

  it('of an audit entry cannot be made by changing it', () => {
    expect(() => damage("UPDATE audit SET principal = 'somebody else'")).toThrow(
      'rows of this table are never changed',
    );
  });

  it('of a key of tokens', async () => {
    damage("UPDATE signing_keys SET jwk = '[]'");

    await expect(store.signingKeys.list()).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'signing key', id: 'k', field: 'jwk' }),
    );
  });

  it.each([
    ['request = \'{"argv":[1]}\'', 'request.argv.0'],
    ['timed_out = 2', 'timed_out'],
    ["vm_id = ''", 'vm_id'],
    ['stdout_bytes = -1', 'stdout_bytes'],
  ])('of an execution (%s)', async (change, field) => {
    damage(`UPDATE executions SET ${change}`);

    await expect(store.executions.get(EXEC)).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'execution', id: EXEC, field }),
    );
  });

  it.each([
    ["effect_kind = 'odd'", 'effect_kind'],
    ["effect_kind = 'execution'", 'effect_id'],
    ["answer = '{}'", 'answer.status'],
    ['answer = \'{"status":200,"headers":{"a":1}}\'', 'answer.headers.a'],
  ])('of an idempotency key (%s)', async (change, field) => {
    damage(`UPDATE idempotency_keys SET ${change}`);

    await expect(store.idempotencyKeys.get('admin', 'key-1')).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'idempotency key', id: 'key-1', field }),
    );
  });

  it.each([
    ["types = '[1]'", 'types.0'],
    ["secrets = '[{}]'", 'secrets.0.sealed'],
    ['secrets = \'[{"value":1}]\'', 'secrets.0.value'],
    ["disabled_because = 'mood'", 'disabled_because'],
    ['failure_count = 3', 'failing_since'],
  ])('of a webhook (%s)', async (change, field) => {
    damage(`UPDATE webhooks SET ${change}`);

    await expect(store.webhooks.get(numberedId('hook', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'webhook', id: numberedId('hook', 1), field }),
    );
  });

  it.each([
    ["state = 'odd'", 'state'],
    ["network = '{}'", 'network.mode'],
    ["failure = '{}'", 'failure.reason'],
    ['source_id = id', 'source_id'],
  ])('of a snapshot (%s)', async (change, field) => {
    damage(`UPDATE snapshots SET ${change}`);

    await expect(store.snapshots.get(numberedId('snap', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'snapshot', id: numberedId('snap', 1), field }),
    );
  });

  it.each([
    ["definition = '[]'", 'definition'],
    ["definition = json_set(definition, '$.kind', 'odd')", 'definition.kind'],
    ["definition = json_set(definition, '$.source', 1)", 'definition.source'],
    ["definition = json_set(definition, '$.firmware', 'odd')", 'definition.firmware'],
    ["definition = json_set(definition, '$.kind', 'recipe')", 'definition.packages'],
  ])('of an image (%s)', async (change, field) => {
    damage(`UPDATE images SET ${change}`);

    await expect(store.images.get('web')).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'image', id: 'web', field }),
    );
  });

  it('of what a batch is to do', async () => {
    await store.batchOrders.insert(numberedId('op', 1), sampleBatchOrders);
    damage("UPDATE batch_orders SET content = json_set(content, '$.orders.0.request.env.A', 1)");

    await expect(store.batchOrders.get(numberedId('op', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', {
        ...{ what: 'batch', id: numberedId('op', 1) },
        field: 'content.orders.0.request.env.A',
      }),
    );
  });

  it('of the use of an image', async () => {
    damage("UPDATE image_uses SET used_at = 'noon'");

    await expect(store.images.listUses()).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'use of an image', id: 'd', field: 'used_at' }),
    );
  });

  it.each([
    ["state = 'odd'", 'state'],
    ["content = '{}'", 'content.spec'],
    ['content = \'{"spec":{"image":1}}\'', 'content.spec.image'],
    ['is_enabled = 2', 'is_enabled'],
    ["last_used_at = 'noon'", 'last_used_at'],
  ])('of a template (%s)', async (change, field) => {
    damage(`UPDATE templates SET ${change}`);

    await expect(store.templates.get(numberedId('tpl', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'template', id: numberedId('tpl', 1), field }),
    );
  });

  it.each([
    ["labels = '[]'", 'labels'],
    ['strategy = \'{"maxSurge":{"kind":"odd"}}\'', 'strategy.maxSurge.kind'],
    ['rollout = \'{"state":"odd"}\'', 'rollout.state'],
    ['backoffs = \'[{"index":-1}]\'', 'backoffs.0.index'],
    ['status = \'{"phase":"odd"}\'', 'status.phase'],
    ['is_paused = 2', 'is_paused'],
  ])('of a deployment (%s)', async (change, field) => {
    damage(`UPDATE deployments SET ${change}`);

    await expect(store.deployments.get(numberedId('dep', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'deployment', id: numberedId('dep', 1), field }),
    );
  });

  it.each([
    ['cause = \'{"kind":"odd"}\'', 'cause.kind'],
    ["content = '{}'", 'content.asked'],
    ['content = \'{"asked":{"template":null,"driver":null,"spec":{"image":1}}}\'', 'content.asked.spec.image'],
  ])('of a revision of a deployment (%s)', async (change, field) => {
    damage(`UPDATE deployment_revisions SET ${change}`);

    await expect(store.deployments.getRevision(numberedId('dep', 1), 1)).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'deployment revision', id: `${numberedId('dep', 1)} 1`, field }),
    );
  });

  it.each([
    ["setup_state = 'odd'", 'setup_state'],
    ["repository = '{}'", 'repository.url'],
    ['setup_steps = \'[{"kind":"odd"}]\'', 'setup_steps.0.kind'],
  ])('of a workspace (%s)', async (change, field) => {
    damage(`UPDATE workspaces SET ${change}`);

    await expect(store.workspaces.get(numberedId('ws', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'workspace', id: numberedId('ws', 1), field }),
    );
  });

  it.each([
    ["kind = 'odd'", 'kind'],
    ['event = \'{"sequence":1,"type":"odd"}\'', 'event.type'],
    ['last_try = \'{"at":1,"status":"x"}\'', 'last_try.status'],
  ])('of a delivery (%s)', async (change, field) => {
    damage(`UPDATE webhook_deliveries SET ${change}`);

    await expect(store.deliveries.get(numberedId('dlv', 1))).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'webhook delivery', id: numberedId('dlv', 1), field }),
    );
  });

  it.each([
    'UPDATE execution_output SET bytes = zeroblob(5) WHERE start_offset = 0',
    'UPDATE execution_output SET start_offset = 12, end_offset = 22 WHERE start_offset = 10',
  ])('of output (%s)', async (statement) => {
    damage(statement);

    await expect(store.executions.readOutput(EXEC, 'stdout', 0, 100)).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'execution output', id: EXEC }),
    );
  });

  it('of an event, and a counter that is gone', async () => {
    damage("UPDATE events SET type = 'odd'");
    await expect(store.events.list({ after: 0, limit: 9 })).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'event', id: 1, field: 'type' }),
    );

    damage('DELETE FROM event_counter');
    await expect(store.events.append([sampleEvent(VM, 'b')])).rejects.toEqual(
      refusal('data_loss', 'store.damaged', { what: 'event counter' }),
    );
  });
});

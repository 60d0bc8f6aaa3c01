import fc from 'fast-check';
import { AUDIT_RESULTS, type NewAuditEntry } from '../../domain/audit/audit.ts';
import { EVENT_TYPES, type NewEvent } from '../../domain/events.ts';
import { EXECUTION_STATES, type Execution } from '../../domain/execution/execution.ts';
import { type Id, type IdPrefix, idFromUuid } from '../../domain/ids.ts';
import type { NotificationTarget } from '../../domain/integrations.ts';
import type { JsonObject } from '../../domain/json.ts';
import { CREDENTIAL_KINDS } from '../../domain/principal/principal.ts';
import type { SecretGrant } from '../../domain/secret/grant.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import { SNAPSHOT_STATES, type Snapshot } from '../../domain/snapshot/snapshot.ts';
import { CLOUD_INIT_STATES, type CloudInitStatus } from '../../domain/vm/cloud-init-status.ts';
import type { VmMachine } from '../../domain/vm/machine-shape.ts';
import { SETTLED_PHASES, TRANSIENT_PHASES } from '../../domain/vm/phase.ts';
import { RESTART_POLICIES } from '../../domain/vm/restarts.ts';
import { VM_HEALTHS, type Vm, type VmStatus } from '../../domain/vm/vm.ts';
import { WARM_STARTS } from '../../domain/vm/warm-start.ts';
import { DELIVERY_KINDS, DELIVERY_STATES, type Delivery, TRY_ERRORS } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';
import { anyVmAlerts } from './alert-arbitraries.contract.ts';
import { anyExtraDisk } from './disk-arbitraries.contract.ts';
import { anyWorkloadFields, anyWorkloadStatus } from './workload-arbitraries.contract.ts';

export const moment = fc.nat(2 ** 42);
export const words = fc.string({ unit: 'binary', maxLength: 12 });
export const json = fc
  .jsonValue({ maxDepth: 3, noUnicodeString: false })
  .map((value): unknown => JSON.parse(JSON.stringify(value)));
export const object: fc.Arbitrary<JsonObject> = fc.dictionary(words, json.map(toJson), {
  maxKeys: 4,
  noNullPrototype: true,
});
export const texts = fc.dictionary(words, words, { maxKeys: 4, noNullPrototype: true });
export const small = fc.nat(100_000);
const cpuPercent = fc.double({ min: 0.1, max: 6_400, noNaN: true });
export const orNull = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { nil: null });

export function toJson(value: unknown): JsonObject[string] {
  const copy: JsonObject = JSON.parse(JSON.stringify({ value }));
  return copy['value'] ?? null;
}

export function anyId<P extends IdPrefix>(prefix: P): fc.Arbitrary<Id<P>> {
  return fc.uuid().map((uuid) => idFromUuid(prefix, uuid));
}

const anyCloudInitStatus: fc.Arbitrary<CloudInitStatus> = fc.record({
  state: fc.constantFrom(...CLOUD_INIT_STATES),
  incarnation: small,
  executionId: orNull(anyId('exec')),
  errors: fc.array(words, { maxLength: 3 }),
  completedAt: orNull(moment),
});

const anyStatus: fc.Arbitrary<VmStatus> = fc.oneof(
  fc.record({
    phase: fc.constantFrom(...TRANSIENT_PHASES),
    since: moment,
    operationId: anyId('op'),
    deadlineAt: moment,
  }),
  fc.record({
    phase: fc.constant('failed' as const),
    since: moment,
    failure: fc.record({ generation: small, reason: words, message: words, consoleTail: words, at: moment }),
  }),
  fc.record({ phase: fc.constantFrom(...SETTLED_PHASES.filter((phase) => phase !== 'failed')), since: moment }),
);

export const anyGrant: fc.Arbitrary<SecretGrant> = fc.record({
  secretId: anyId('sec'),
  name: words,
  env: orNull(words),
  file: orNull(fc.record({ path: words, mode: small })),
});

/** What of a spec has no column of its own. */
export const anyStoredSpec = {
  template: orNull(fc.record({ name: words, version: words })),
  tools: fc.array(fc.record({ name: words, version: words, digest: orNull(words) }), { maxLength: 3 }),
  ...anyWorkloadFields,
  disks: fc.array(anyExtraDisk, { maxLength: 3 }),
  alerts: anyVmAlerts,
  cloudInit: orNull(fc.record({ userData: orNull(words), metaData: orNull(words), networkConfig: orNull(words) })),
};
const anyMachine: fc.Arbitrary<VmMachine> = fc.record({
  vcpuCount: small,
  memoryMib: small,
  diskGib: small,
  growth: fc.record({ vcpuCount: small, memoryMib: small, memoryStepMib: small, canGrowDisk: fc.boolean() }),
  name: words,
  networkMode: fc.constantFrom('user', 'none'),
  workload: anyWorkloadFields.workload,
  healthCheck: anyWorkloadFields.healthCheck,
});

/** Any VM at all, of this id, name and revision. */
export function anyVm(fixed: Pick<Vm, 'id' | 'name' | 'revision'>): fc.Arbitrary<Vm> {
  return fc.record({
    id: fc.constant(fixed.id),
    name: fc.constant(fixed.name),
    owner: words,
    spec: fc.record({
      image: words,
      vcpuCount: small,
      memoryMib: small,
      diskGib: small,
      network: fc.record({ mode: fc.constantFrom('user', 'none'), egress: fc.constant('deny' as const) }),
      restartPolicy: fc.constantFrom(...RESTART_POLICIES),
      autoSuspend: orNull(fc.record({ idleSeconds: small, cpuBelowPercent: cpuPercent })),
      autoWake: fc.boolean(),
      ...anyStoredSpec,
    }),
    labels: texts,
    metadata: object,
    secrets: fc.array(anyGrant, { maxLength: 3 }),
    desired: fc.record({
      power: fc.constantFrom('running', 'paused', 'suspended', 'stopped', 'absent'),
      incarnation: small,
      graceMs: small,
    }),
    origin: orNull(
      fc.record({
        snapshotId: anyId('snap'),
        incarnation: small,
        disk: fc.constantFrom('made', 'awaited', 'prepared'),
      }),
    ),
    status: anyStatus,
    health: fc.constantFrom(...VM_HEALTHS),
    workloadStatus: orNull(anyWorkloadStatus),
    replicaOf: orNull(fc.record({ deploymentId: anyId('dep'), index: small, revision: small })),
    cloudInitStatus: orNull(anyCloudInitStatus),
    warmStart: fc.constantFrom(...WARM_STARTS),
    restarts: fc.record({ count: small, at: orNull(moment) }),
    suspension: orNull(
      fc.record({
        reason: fc.constantFrom('requested', 'idle'),
        message: words,
        at: moment,
        problem: orNull(words),
      }),
    ),
    expiry: orNull(fc.record({ at: moment, toldAt: orNull(moment) })),
    driver: words,
    hostId: anyId('host'),
    handle: orNull(fc.record({ driver: words, version: small, state: object })),
    machine: orNull(anyMachine),
    imageDigest: orNull(words),
    incarnation: small,
    generation: small,
    revision: fc.constant(fixed.revision),
    pid: orNull(small),
    ip: orNull(fc.ipV4()),
    createdAt: moment,
    updatedAt: moment,
    startedAt: orNull(moment),
  });
}

/** Any execution at all, of this id. */
export function anyExecution(fixed: Pick<Execution, 'id'>): fc.Arbitrary<Execution> {
  return fc.record({
    id: fc.constant(fixed.id),
    vmId: anyId('vm'),
    incarnation: small,
    request: fc.record({
      argv: fc.array(words, { maxLength: 4 }),
      env: texts,
      cwd: words,
      user: words,
      tty: orNull(fc.record({ rows: small, columns: small })),
      hasStdin: fc.boolean(),
      timeoutMs: small,
    }),
    state: fc.constantFrom(...EXECUTION_STATES),
    exitCode: orNull(fc.nat(255)),
    signal: orNull(words),
    timedOut: fc.boolean(),
    error: orNull(words),
    stdoutBytes: moment,
    stderrBytes: moment,
    isTruncated: fc.boolean(),
    isWorkload: fc.boolean(),
    principal: words,
    owner: words,
    createdAt: moment,
    startedAt: orNull(moment),
    completedAt: orNull(moment),
  });
}

/** Any event at all. */
export const anyEvent: fc.Arbitrary<NewEvent> = fc.record({
  type: fc.constantFrom(...EVENT_TYPES),
  at: moment,
  subject: words,
  vmId: orNull(anyId('vm')),
  operationId: orNull(anyId('op')),
  owner: orNull(words),
  data: object,
});

/** Any entry of the audit at all. */
export const anyAuditEntry: fc.Arbitrary<NewAuditEntry> = fc.record({
  at: moment,
  principal: words,
  credential: fc.record({ kind: fc.constantFrom(...CREDENTIAL_KINDS), id: orNull(words) }),
  address: orNull(words),
  requestId: orNull(words),
  action: words,
  target: fc.record({ kind: words, id: orNull(words), name: orNull(words) }),
  result: fc.constantFrom(...AUDIT_RESULTS),
  reason: orNull(words),
  details: object,
});

/** Any webhook at all; whoever stores it gives it an id and a revision. */
export const anyWebhook: fc.Arbitrary<Omit<Webhook, 'id' | 'revision'>> = fc
  .tuple(anyWebhookSettings(), fc.oneof(words, anyTarget()))
  .map(([settings, to]) => ({
    ...settings,
    ...(typeof to === 'string' ? { url: to, target: null } : { url: null, target: to }),
  }));

function anyTarget(): fc.Arbitrary<NotificationTarget> {
  const issue = fc.record({ integration: fc.constant('github' as const), repository: words, issue: small });
  return fc.oneof(issue, fc.record({ integration: fc.constantFrom('slack', 'discord'), channel: words }));
}

function anyWebhookSettings(): fc.Arbitrary<Omit<Webhook, 'id' | 'revision' | 'url' | 'target'>> {
  return fc.record({
    types: orNull(fc.subarray([...EVENT_TYPES])),
    vmId: orNull(anyId('vm')),
    eventsOf: orNull(words),
    description: words,
    labels: texts,
    secrets: fc.array(fc.record({ stored: words, isSealed: fc.boolean(), expiresAt: orNull(moment) }), {
      maxLength: 3,
    }),
    isEnabled: fc.boolean(),
    disabledBecause: fc.constantFrom('failing', null),
    cursor: moment,
    failures: orNull(fc.record({ count: fc.integer({ min: 1, max: 1e6 }), since: moment })),
    lastDeliveredAt: orNull(moment),
    owner: words,
    createdAt: moment,
    updatedAt: moment,
  });
}

/** Any delivery at all; whoever stores it gives it an id and a webhook. */
export const anyDelivery: fc.Arbitrary<Omit<Delivery, 'id' | 'webhookId'>> = fc.record({
  kind: fc.constantFrom(...DELIVERY_KINDS),
  state: fc.constantFrom(...DELIVERY_STATES),
  firstSequence: moment,
  sequence: moment,
  event: orNull(fc.tuple(anyEvent, moment).map(([event, sequence]) => ({ ...event, sequence }))),
  tries: small,
  firstTriedAt: orNull(moment),
  nextTryAt: orNull(moment),
  lastTry: orNull(
    fc.record({
      at: moment,
      status: orNull(fc.nat(999)),
      error: orNull(fc.constantFrom(...TRY_ERRORS)),
      response: words,
      durationMs: small,
    }),
  ),
  createdAt: moment,
  completedAt: orNull(moment),
});

/** Any snapshot at all; whoever stores it gives it an id, a name and a revision. */
export const anySnapshot: fc.Arbitrary<Omit<Snapshot, 'id' | 'name' | 'revision'>> = fc.record({
  description: words,
  labels: texts,
  state: fc.constantFrom(...SNAPSHOT_STATES),
  operationId: orNull(anyId('op')),
  failure: orNull(fc.record({ reason: words, message: words })),
  isTemporary: fc.boolean(),
  source: fc.record({ id: anyId('vm'), name: words }),
  spec: fc.record({
    image: words,
    vcpuCount: small,
    memoryMib: small,
    diskGib: small,
    network: fc.record({ mode: fc.constantFrom('user', 'none'), egress: fc.constant('deny' as const) }),
    ...anyStoredSpec,
  }),
  secrets: fc.array(anyGrant, { maxLength: 3 }),
  imageDigest: words,
  sizeBytes: orNull(moment),
  haltedMs: orNull(small),
  owner: words,
  createdAt: moment,
  updatedAt: moment,
});

/** Any secret at all; whoever stores it gives it an id, an owner and a revision. */
export const anySecret: fc.Arbitrary<Omit<Secret, 'id' | 'owner' | 'revision'>> = fc.record({
  name: words,
  description: words,
  labels: texts,
  version: small,
  sizeBytes: small,
  isText: fc.boolean(),
  sealed: words,
  createdAt: moment,
  updatedAt: moment,
  lastUsedAt: orNull(moment),
});

import type { NewAuditEntry } from '../../domain/audit/audit.ts';
import type { NewEvent } from '../../domain/events.ts';
import type { Execution } from '../../domain/execution/execution.ts';
import type { KeyedRequest } from '../../domain/idempotency/keyed-request.ts';
import { type Id, type IdPrefix, idFromUuid, type VmId } from '../../domain/ids.ts';
import type { ImageDefinition, StoredImage } from '../../domain/image/definition.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Secret } from '../../domain/secret/secret.ts';
import type { Session } from '../../domain/session/session.ts';
import type { Snapshot } from '../../domain/snapshot/snapshot.ts';
import type { Template } from '../../domain/template/template.ts';
import type { ApiKey } from '../../domain/user/api-key.ts';
import type { CustomRole } from '../../domain/user/role.ts';
import type { User } from '../../domain/user/user.ts';
import { NO_RESTARTS } from '../../domain/vm/restarts.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Delivery } from '../../domain/webhook/delivery.ts';
import type { Webhook } from '../../domain/webhook/webhook.ts';

const AT = 1_767_225_600_000;

/** The id with this number: the greater the number, the later the id. */
export function numberedId<P extends IdPrefix>(prefix: P, number: number): Id<P> {
  return idFromUuid(prefix, `01890000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`);
}

/** A VM that runs, with this number in its id and name. */
export function sampleVm(number: number, change: Partial<Vm> = {}): Vm {
  return {
    id: numberedId('vm', number),
    name: `vm-${number}`,
    owner: 'admin',
    spec: { ...VM_DEFAULTS, network: { mode: 'user', egress: 'deny' } },
    labels: {},
    metadata: {},
    secrets: [],
    desired: { power: 'running', incarnation: 1, graceMs: 0 },
    origin: null,
    status: { phase: 'running', since: AT },
    health: 'healthy',
    replicaOf: null,
    workloadStatus: null,
    cloudInitStatus: null,
    warmStart: 'auto',
    suspension: null,
    expiry: null,
    restarts: NO_RESTARTS,
    driver: 'simulated',
    hostId: numberedId('host', 1),
    handle: null,
    machine: null,
    imageDigest: null,
    incarnation: 1,
    generation: 1,
    revision: 1,
    pid: null,
    ip: null,
    createdAt: AT,
    updatedAt: AT,
    startedAt: AT,
    ...change,
  };
}

/** An operation that is pending on a VM. */
export function sampleOperation(number: number, vmId: VmId, change: Partial<Operation> = {}): Operation {
  return {
    id: numberedId('op', number),
    kind: 'vm.start',
    subject: { kind: 'vm', id: vmId, name: 'web' },
    generation: 1,
    state: 'pending',
    steps: [],
    progress: null,
    result: null,
    error: null,
    principal: 'admin',
    owner: 'admin',
    createdAt: AT,
    startedAt: null,
    completedAt: null,
    deadlineAt: AT + 60_000,
    trace: null,
    revision: 1,
    ...change,
  };
}

/** A command that runs. */
export function sampleExecution(number: number, vmId: VmId, change: Partial<Execution> = {}): Execution {
  return {
    id: numberedId('exec', number),
    vmId,
    incarnation: 1,
    request: { argv: ['true'], env: {}, cwd: '', user: '', tty: null, hasStdin: false, timeoutMs: 0 },
    state: 'running',
    exitCode: null,
    signal: null,
    timedOut: false,
    error: null,
    stdoutBytes: 0,
    stderrBytes: 0,
    isTruncated: false,
    isWorkload: false,
    principal: 'admin',
    owner: 'admin',
    createdAt: AT,
    startedAt: AT,
    completedAt: null,
    ...change,
  };
}

/** An event about a VM, or about an image when `vmId` is null; `note` tells it from others. */
export function sampleEvent(vmId: VmId | null, note: string, change: Partial<NewEvent> = {}): NewEvent {
  return {
    type: vmId === null ? 'image.built' : 'vm.started',
    at: AT,
    subject: vmId ?? 'base',
    vmId,
    operationId: null,
    owner: vmId === null ? null : 'admin',
    data: { note },
    ...change,
  };
}

/** Something that the administrator did. */
export function sampleAuditEntry(change: Partial<NewAuditEntry> = {}): NewAuditEntry {
  return {
    at: AT,
    principal: 'admin',
    credential: { kind: 'admin_key', id: null },
    address: '127.0.0.1',
    requestId: 'req_1',
    action: 'vm.create',
    target: { kind: 'vm', id: 'vm_1', name: 'first' },
    result: 'ok',
    reason: null,
    details: {},
    ...change,
  };
}

/** A request that took effect under a key, and has not been answered. */
export function sampleKeyedRequest(number: number, change: Partial<KeyedRequest> = {}): KeyedRequest {
  return {
    principal: 'admin',
    key: `key-${number}`,
    fingerprint: 'f'.repeat(64),
    requestId: numberedId('req', number),
    effect: { kind: 'operation', id: numberedId('op', number) },
    createdAt: AT,
    answer: null,
    ...change,
  };
}

/** Of the defaults, what a snapshot has of its VM, and a template decides. */
const { restartPolicy, autoSuspend, autoWake, ...savedDefaults } = VM_DEFAULTS;

/** A snapshot of VM 1 that is ready. */
export function sampleSnapshot(number: number, change: Partial<Snapshot> = {}): Snapshot {
  return {
    id: numberedId('snap', number),
    name: `snapshot-${number}`,
    description: '',
    labels: {},
    state: 'ready',
    operationId: null,
    failure: null,
    isTemporary: false,
    source: { id: numberedId('vm', 1), name: 'vm-1' },
    spec: { ...savedDefaults, network: { mode: 'user', egress: 'deny' } },
    secrets: [],
    imageDigest: 'd'.repeat(64),
    sizeBytes: 1_000,
    haltedMs: 10,
    owner: 'admin',
    createdAt: AT,
    updatedAt: AT,
    revision: 1,
    ...change,
  };
}

/** Version 1.0.0 of a template with this number in its id and name, ready. */
export function sampleTemplate(number: number, change: Partial<Template> = {}): Template {
  const { template, tools, ...spec } = savedDefaults;
  return {
    id: numberedId('tpl', number),
    name: `template-${number}`,
    version: '1.0.0',
    description: '',
    content: { spec: { ...spec, network: { mode: 'user', egress: 'deny' } }, image: null, tools: ['git'], labels: {} },
    state: 'ready',
    operationId: null,
    isEnabled: true,
    isBuiltIn: false,
    owner: 'admin',
    createdAt: AT,
    updatedAt: AT,
    lastUsedAt: null,
    revision: 1,
    ...change,
  };
}

/** A secret, with this number in its id and name. */
export function sampleSecret(number: number, change: Partial<Secret> = {}): Secret {
  return {
    id: numberedId('sec', number),
    name: `SECRET_${number}`,
    owner: 'admin',
    description: '',
    labels: {},
    version: 1,
    sizeBytes: 3,
    isText: true,
    sealed: 'v1.key.nonce.text',
    createdAt: AT,
    updatedAt: AT,
    lastUsedAt: null,
    revision: 1,
    ...change,
  };
}

/** A webhook that is told of everything, and has been told of nothing. */
export function sampleWebhook(number: number, change: Partial<Webhook> = {}): Webhook {
  return {
    id: numberedId('hook', number),
    url: 'https://hooks.example.com/',
    target: null,
    types: null,
    vmId: null,
    eventsOf: null,
    description: '',
    labels: {},
    secrets: [{ stored: 'v1.a sealed secret', isSealed: true, expiresAt: null }],
    isEnabled: true,
    disabledBecause: null,
    cursor: 0,
    failures: null,
    lastDeliveredAt: null,
    owner: 'admin',
    createdAt: AT,
    updatedAt: AT,
    revision: 1,
    ...change,
  };
}

/** A delivery of webhook 1 that waits for its first try. */
export function sampleDelivery(number: number, change: Partial<Delivery> = {}): Delivery {
  return {
    id: numberedId('dlv', number),
    webhookId: numberedId('hook', 1),
    kind: 'event',
    state: 'waiting',
    firstSequence: 1,
    sequence: 1,
    event: { ...sampleEvent(null, 'delivered'), sequence: 1 },
    tries: 0,
    firstTriedAt: null,
    nextTryAt: AT,
    lastTry: null,
    createdAt: AT,
    completedAt: null,
    ...change,
  };
}

/** An active user with this number in id, name and address. */
export function sampleUser(number: number, change: Partial<User> = {}): User {
  return {
    id: numberedId('usr', number),
    name: `user-${number}`,
    email: `user-${number}@example.com`,
    displayName: '',
    roles: ['member'],
    state: 'active',
    source: 'local',
    passwordHash: null,
    passwordChangedAt: null,
    mfa: null,
    quota: null,
    labels: {},
    createdAt: AT,
    updatedAt: AT,
    lastLoginAt: null,
    revision: 1,
    ...change,
  };
}

/** A role that may read VMs. */
export function sampleRole(name: string, change: Partial<CustomRole> = {}): CustomRole {
  return {
    ...{ name, description: '', permissions: ['vm:read'], labels: {} },
    ...{ createdAt: AT, updatedAt: AT, revision: 1 },
    ...change,
  };
}

/** An API key of user 1 without limits. */
export function sampleApiKey(number: number, change: Partial<ApiKey> = {}): ApiKey {
  return {
    id: numberedId('key', number),
    name: `key ${number}`,
    owner: 'user-1',
    prefix: number.toString(36).padStart(8, '0'),
    digest: 'd'.repeat(64),
    permissions: null,
    labels: {},
    expiresAt: null,
    lastUsedAt: null,
    createdBy: 'user-1',
    createdAt: AT,
    ...change,
  };
}

/** A session of user 1 that lasts. */
export function sampleSession(number: number, change: Partial<Session> = {}): Session {
  return {
    id: numberedId('sess', number),
    userId: numberedId('usr', 1),
    owner: 'user-1',
    generation: 0,
    rotates: true,
    userAgent: 'curl/8',
    address: '127.0.0.1',
    createdAt: AT,
    lastUsedAt: AT,
    expiresAt: AT + 1_000,
    end: null,
    revision: 1,
    ...change,
  };
}

/** A stored definition of this name. */
export function sampleImage(name: string, change: Partial<StoredImage> = {}): StoredImage {
  const definition: ImageDefinition = {
    kind: 'disk',
    description: '',
    source: { location: 'https://images.example/root.qcow2', sha256: 'a'.repeat(64) },
    format: 'qcow2',
    isLocalAllowed: false,
    boot: 'firmware',
    firmware: 'bios',
  };
  return { name, definition, owner: 'ann', template: null, createdAt: 1, updatedAt: 1, ...change };
}

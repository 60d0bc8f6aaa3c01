import type {
  ApiKey as ApiKeyDto,
  Event as EventDto,
  Execution as ExecutionDto,
  Host as HostDto,
  Image as ImageDto,
  Operation as OperationDto,
  Role as RoleDto,
  Session as SessionDto,
  Snapshot as SnapshotDto,
  User as UserDto,
  UserQuota,
  Vm as VmDto,
} from '@volary/contract';
import {
  EVENT_TYPES,
  EXECUTION_STATES,
  LIMITS,
  OPERATION_KINDS,
  OPERATION_STATES,
  routes,
  SNAPSHOT_STATES,
  USER_NAME_PATTERN,
  USER_SOURCES,
  USER_STATES,
  VM_NAME_PATTERN,
  VM_PHASES,
} from '@volary/contract';
import { describe, expect, it } from 'vitest';
import { ALERT_PERCENT } from '../../../domain/alert/vm-alerts.ts';
import type { Event } from '../../../domain/events.ts';
import * as events from '../../../domain/events.ts';
import type { ExecRequest, Execution } from '../../../domain/execution/execution.ts';
import * as executions from '../../../domain/execution/execution.ts';
import type { Host } from '../../../domain/host/host.ts';
import type { DirectImage, FirmwareImage } from '../../../domain/image/image.ts';
import { LABEL_LIMITS } from '../../../domain/labels/labels.ts';
import type { Operation } from '../../../domain/operation/operation.ts';
import * as operations from '../../../domain/operation/operation.ts';
import { PERMISSIONS } from '../../../domain/principal/permissions.ts';
import type { Snapshot } from '../../../domain/snapshot/snapshot.ts';
import * as snapshots from '../../../domain/snapshot/snapshot.ts';
import type { ApiKey } from '../../../domain/user/api-key.ts';
import { PASSWORD_LENGTH } from '../../../domain/user/password-policy.ts';
import type { Quota } from '../../../domain/user/quota.ts';
import type { CustomRole } from '../../../domain/user/role.ts';
import type { User } from '../../../domain/user/user.ts';
import * as users from '../../../domain/user/user.ts';
import { AUTO_SUSPEND_LIMITS } from '../../../domain/vm/auto-suspend.ts';
import { LONGEST_TTL_SECONDS } from '../../../domain/vm/expiry.ts';
import * as phases from '../../../domain/vm/phase.ts';
import type { VmSpec } from '../../../domain/vm/spec.ts';
import * as spec from '../../../domain/vm/spec.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { ShownSession } from '../../../engine/apis/auth-api.ts';
import type { Nothing, Places, Unfilled } from './mapping.test-kit.ts';

const VM = {
  id: ['id'],
  name: ['name'],
  owner: ['owner'],
  replicaOf: ['deployment'],
  spec: [
    'template',
    'tools',
    'cloud_init',
    'disks',
    'image',
    'vcpus',
    'memory_mib',
    'disk_gib',
    'network',
    'restart_policy',
    'auto_suspend',
    'auto_wake',
    'alerts',
    'environment',
    'workload',
    'health_check',
    'actions',
    ...(['template', 'tools', 'image', 'vcpus', 'memory_mib', 'disk_gib', 'network', 'restart_policy'] as const),
    ...(['auto_suspend', 'auto_wake', 'alerts', 'environment', 'workload', 'health_check', 'actions'] as const),
  ],
  labels: ['labels'],
  metadata: ['metadata'],
  desired: ['desired'],
  origin: ['snapshot_id'],
  warmStart: ['warm'],
  secrets: ['secrets'],
  status: ['phase', 'phase_since', 'operation_id', 'deadline_at', 'failure'],
  health: ['health'],
  workloadStatus: ['workload_status'],
  cloudInitStatus: ['cloud_init_status'],
  restarts: ['restart_count', 'restart_at'],
  suspension: ['suspension'],
  expiry: ['expires_at'],
  driver: ['driver'],
  hostId: ['host'],
  handle: { inside: 'holds paths of the host, and nobody but the driver may read it' },
  machine: ['pending_changes', 'restart_required'],
  imageDigest: ['image_digest'],
  incarnation: ['incarnation'],
  generation: ['generation'],
  revision: ['revision'],
  pid: ['pid'],
  ip: ['ip'],
  createdAt: ['created_at'],
  updatedAt: ['updated_at'],
  startedAt: ['started_at'],
} as const satisfies Places<Vm, VmDto>;

const VM_SPEC = {
  image: ['image'],
  vcpuCount: ['vcpus'],
  memoryMib: ['memory_mib'],
  diskGib: ['disk_gib'],
  network: ['network'],
  restartPolicy: ['restart_policy'],
  autoSuspend: ['auto_suspend'],
  autoWake: ['auto_wake'],
  alerts: ['alerts'],
  environment: ['environment'],
  workload: ['workload'],
  healthCheck: ['health_check'],
  openapi: { inside: 'may be long, and has a route of its own' },
  actions: ['actions'],
  template: ['template'],
  tools: ['tools'],
  cloudInit: ['cloud_init'],
  disks: ['disks'],
} as const satisfies Places<VmSpec, VmDto>;

const OPERATION = {
  id: ['id'],
  kind: ['kind'],
  subject: ['subject'],
  generation: ['generation'],
  state: ['state'],
  steps: ['steps'],
  progress: ['progress'],
  result: ['result'],
  error: ['error'],
  principal: ['principal'],
  owner: ['owner'],
  createdAt: ['created_at'],
  startedAt: ['started_at'],
  completedAt: ['completed_at'],
  deadlineAt: ['deadline_at'],
  trace: ['trace_id'],
  revision: ['revision'],
} as const satisfies Places<Operation, OperationDto>;

const EXECUTION = {
  id: ['id'],
  vmId: ['vm_id'],
  incarnation: ['incarnation'],
  request: ['argv', 'cwd', 'user', 'tty', 'has_stdin', 'timeout_ms'],
  state: ['state'],
  exitCode: ['exit_code'],
  signal: ['signal'],
  timedOut: ['timed_out'],
  error: ['error'],
  stdoutBytes: ['stdout_bytes', 'stdout_dropped_bytes'],
  stderrBytes: ['stderr_bytes', 'stderr_dropped_bytes'],
  isTruncated: ['truncated'],
  isWorkload: ['is_workload'],
  principal: ['principal'],
  owner: ['owner'],
  createdAt: ['created_at'],
  startedAt: ['started_at', 'duration_ms'],
  completedAt: ['completed_at', 'duration_ms'],
} as const satisfies Places<Execution, ExecutionDto>;

const EXEC_REQUEST = {
  argv: ['argv'],
  env: { inside: 'may hold secrets' },
  cwd: ['cwd'],
  user: ['user'],
  tty: ['tty'],
  hasStdin: ['has_stdin'],
  timeoutMs: ['timeout_ms'],
} as const satisfies Places<ExecRequest, ExecutionDto>;

const EVENT = {
  sequence: ['sequence'],
  type: ['type'],
  at: ['at'],
  subject: ['subject'],
  vmId: ['vm_id'],
  operationId: ['operation_id'],
  owner: ['owner'],
  data: ['data'],
} as const satisfies Places<Event, EventDto>;

const IMAGE = {
  name: ['name'],
  digest: ['digest'],
  boot: ['boot'],
  kernelPath: { inside: 'a path of the host' },
  initramfsPath: { inside: 'a path of the host' },
  rootPath: { inside: 'a path of the host' },
  rootBytes: ['root_bytes'],
  sizeBytes: ['size_bytes'],
  kernelVersion: ['kernel_version'],
  firmware: ['firmware'],
  builtAt: ['built_at'],
} as const satisfies Places<DirectImage & Pick<FirmwareImage, 'firmware'>, ImageDto>;

const HOST = {
  id: ['id'],
  name: ['name'],
  driver: ['driver'],
  driverVersion: ['driver_version'],
  accelerator: ['accelerator'],
  cpuCount: ['cpus'],
  memoryMib: ['memory_mib'],
  memoryAvailableMib: ['memory_available_mib'],
  diskGib: ['disk_gib'],
  diskAvailableGib: ['disk_available_gib'],
  bootId: ['boot_id'],
  kernelVersion: ['kernel_version'],
} as const satisfies Places<Host, HostDto>;

const SESSION = {
  id: ['id'],
  userId: { inside: 'its owner is shown by name, as everywhere' },
  owner: ['owner'],
  generation: { inside: 'only its refresh token has to know' },
  rotates: ['rotates'],
  userAgent: ['user_agent'],
  address: ['address'],
  createdAt: ['created_at'],
  lastUsedAt: ['last_used_at'],
  expiresAt: { inside: 'the latest end that it can have; when it does end is shown' },
  endsAt: ['expires_at'],
  isCurrent: ['is_current'],
  end: { inside: 'one that was ended is not shown' },
  revision: { inside: 'nobody changes a session but by ending it' },
} as const satisfies Places<ShownSession, SessionDto>;

const SNAPSHOT = {
  id: ['id'],
  name: ['name'],
  description: ['description'],
  labels: ['labels'],
  state: ['state'],
  operationId: ['operation_id'],
  failure: ['failure'],
  isTemporary: ['is_temporary'],
  source: ['source_vm_id', 'source_vm_name'],
  spec: ['template', 'cloud_init', 'image', 'vcpus', 'memory_mib', 'disk_gib', 'network'],
  secrets: ['secrets'],
  imageDigest: ['image_digest'],
  sizeBytes: ['size_bytes'],
  haltedMs: ['halted_ms'],
  owner: ['owner'],
  createdAt: ['created_at'],
  updatedAt: ['updated_at'],
  revision: ['revision'],
} as const satisfies Places<Snapshot, SnapshotDto>;

const USER = {
  id: ['id'],
  name: ['name'],
  email: ['email'],
  displayName: ['display_name'],
  roles: ['roles'],
  state: ['state'],
  source: ['source'],
  passwordHash: ['has_password'],
  passwordChangedAt: { inside: 'tells whether older sessions hold' },
  mfa: ['mfa_enabled'],
  quota: ['quota'],
  labels: ['labels'],
  createdAt: ['created_at'],
  updatedAt: ['updated_at'],
  lastLoginAt: ['last_login_at'],
  revision: { inside: 'rises with each code that is used; nobody can ask for a change by it' },
} as const satisfies Places<User, UserDto>;

const QUOTA = {
  vms: ['vms'],
  vcpus: ['vcpus'],
  memoryMib: ['memory_mib'],
  diskGib: ['disk_gib'],
  snapshots: ['snapshots'],
  executions: ['executions'],
  networks: ['networks'],
  securityGroups: ['security_groups'],
} as const satisfies Places<Required<Quota>, UserQuota>;

const ROLE = {
  name: ['name'],
  description: ['description'],
  permissions: ['permissions'],
  labels: ['labels'],
  createdAt: ['created_at'],
  updatedAt: ['updated_at'],
  revision: { inside: 'a role is put, not changed on the base of an old look' },
} as const satisfies Places<CustomRole, RoleDto>;

const API_KEY = {
  id: ['id'],
  name: ['name'],
  owner: ['owner'],
  prefix: ['prefix'],
  digest: { inside: 'is what a key is compared with' },
  permissions: ['permissions'],
  labels: ['labels'],
  expiresAt: ['expires_at'],
  lastUsedAt: ['last_used_at'],
  createdBy: ['created_by'],
  createdAt: ['created_at'],
} as const satisfies Places<ApiKey, ApiKeyDto>;

/** Three fields of a host are sums over its VMs. */
type HostLeft = Exclude<Unfilled<HostDto, typeof HOST>, 'memory_promised_mib' | 'disk_promised_gib' | 'vm_count'>;

const unfilled: readonly Nothing<
  | Unfilled<VmDto, typeof VM>
  | Unfilled<OperationDto, typeof OPERATION>
  | Unfilled<ExecutionDto, typeof EXECUTION>
  | Unfilled<EventDto, typeof EVENT>
  | Unfilled<ImageDto, typeof IMAGE>
  | Unfilled<SnapshotDto, typeof SNAPSHOT>
  | Unfilled<SessionDto, typeof SESSION>
  | Unfilled<UserDto, typeof USER>
  | Unfilled<UserQuota, typeof QUOTA>
  | Exclude<Unfilled<RoleDto, typeof ROLE>, 'is_built_in'>
  | Unfilled<ApiKeyDto, typeof API_KEY>
  | HostLeft
>[] = [];

function namesIn(places: object): readonly string[] {
  return Object.values(places).flatMap((place: unknown) => (Array.isArray(place) ? place.map(String) : []));
}

describe('domain and /v1', () => {
  it('have a place for each other’s fields', () => {
    expect(unfilled).toEqual([]);
    expect(namesIn(VM)).toEqual(expect.arrayContaining([...namesIn(VM_SPEC)]));
    expect(namesIn(EXECUTION)).toEqual(expect.arrayContaining([...namesIn(EXEC_REQUEST)]));
  });

  it('have the same words', () => {
    expect([...VM_PHASES]).toEqual([...phases.VM_PHASES]);
    expect([...OPERATION_KINDS]).toEqual([...operations.OPERATION_KINDS]);
    expect([...OPERATION_STATES]).toEqual([...operations.OPERATION_STATES]);
    expect([...EXECUTION_STATES]).toEqual([...executions.EXECUTION_STATES]);
    expect([...EVENT_TYPES]).toEqual([...events.EVENT_TYPES]);
    expect([...SNAPSHOT_STATES]).toEqual([...snapshots.SNAPSHOT_STATES]);
    expect([...USER_STATES]).toEqual([...users.USER_STATES]);
    expect([...USER_SOURCES]).toEqual([...users.USER_SOURCES]);
  });

  it('have the same bounds', () => {
    expect(LIMITS.vcpus).toEqual(spec.VM_LIMITS.vcpuCount);
    expect(LIMITS.memoryMib).toEqual(spec.VM_LIMITS.memoryMib);
    expect(LIMITS.diskGib).toEqual(spec.VM_LIMITS.diskGib);
    expect(LIMITS.labels).toEqual(LABEL_LIMITS);
    expect(LIMITS.autoSuspend).toEqual(AUTO_SUSPEND_LIMITS);
    expect(LIMITS.alertPercent).toEqual(ALERT_PERCENT);
    expect(LIMITS.ttlSeconds.maximum).toBe(LONGEST_TTL_SECONDS);
    expect(LIMITS.snapshots.descriptionLength).toBe(snapshots.SNAPSHOT_DESCRIPTION_LENGTH);
    expect(LIMITS.users.passwordLength).toEqual(PASSWORD_LENGTH);
    expect(USER_NAME_PATTERN).toBe(users.USER_NAME_PATTERN);
    expect(VM_NAME_PATTERN).toBe(spec.VM_NAME_PATTERN);
  });

  it('know the same permissions', () => {
    const known: readonly string[] = [...PERMISSIONS, 'authenticated', 'none'];

    for (const route of Object.values(routes)) expect(known, route.operationId).toContain(route.permission);
  });
});

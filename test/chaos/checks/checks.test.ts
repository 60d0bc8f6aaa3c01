import type { Event, Vm } from '@volary/contract';
import { createClient } from '@volary/sdk';
import { expect, test } from 'vitest';
import { createBook } from '../book.ts';
import { createEventLog } from './event-log.ts';
import { checkVms } from './vms.ts';

/* A storm proves nothing if its checks see nothing: each is shown what it is to find. */

type Told = readonly [sequence: number, type: Event['type'], subject: string, data?: Record<string, string | number>];

/** What the log says is wrong with these events. */
async function faultsOf(told: readonly Told[], of = {}): Promise<readonly string[]> {
  const items = told.map(([sequence, type, subject, data = {}]) => ({
    sequence,
    type,
    at: '2026-01-31T12:00:00.000Z',
    subject,
    vm_id: null,
    operation_id: null,
    data,
  }));
  const fetch = async (): Promise<Response> => Response.json({ items, next_cursor: null });
  return await createEventLog(of).readOn(createClient({ baseUrl: 'http://127.0.0.1:1', apiKey: 'none', fetch }));
}

const CREATED: Told = [1, 'vm.created', 'vm_1', { phase: 'pending', name: 'c1' }];
const DEPLOYED: Told = [1, 'deployment.created', 'dep_1', { replicas: 2 }];

test.each<[string, readonly Told[], RegExp]>([
  ['a gap', [CREATED, [3, 'server.started', 'host_1']], /follows #1/],
  ['an event twice', [CREATED, CREATED], /follows #1/],
  [
    'a move that is not in the table',
    [CREATED, [2, 'vm.resumed', 'vm_1', { phase: 'paused' }]],
    /from pending to paused/,
  ],
  ['a VM that was never created', [[1, 'vm.started', 'vm_1', { phase: 'running' }]], /was undefined/],
  ['a failure', [CREATED, [2, 'vm.failed', 'vm_1', { phase: 'failed' }]], /should not be/],
  [
    'an end that nobody asked for',
    [CREATED, [2, 'vm.stopping', 'vm_1', { phase: 'stopping', cause: 'powered-off' }]],
    /by itself/,
  ],
  [
    'an operation that ends twice',
    [
      [1, 'operation.created', 'op_1'],
      [2, 'operation.succeeded', 'op_1'],
      [3, 'operation.cancelled', 'op_1'],
    ],
    /not under way/,
  ],
  [
    'a command that begins twice',
    [
      [1, 'execution.started', 'exec_1'],
      [2, 'execution.started', 'exec_1'],
    ],
    /begun before/,
  ],
  ['two VMs of one name', [CREATED, [2, 'vm.created', 'vm_2', { phase: 'pending', name: 'c1' }]], /is named c1 too/],
  ['something that was never created', [[1, 'network.updated', 'net_1']], /never created/],
  [
    'something after its end',
    [
      [1, 'workspace.created', 'ws_1'],
      [2, 'workspace.deleted', 'ws_1'],
      [3, 'workspace.ready', 'ws_1'],
    ],
    /deleted before/,
  ],
  [
    'a phase that was skipped',
    [DEPLOYED, [2, 'deployment.phase_changed', 'dep_1', { from: 'running' }]],
    /was pending/,
  ],
  ['a change of scale that was skipped', [DEPLOYED, [2, 'deployment.scaled', 'dep_1', { from: 3, to: 4 }]], /had 2/],
  [
    'another rollout that ends',
    [
      DEPLOYED,
      [2, 'deployment.rollout_started', 'dep_1', { revision: 2 }],
      [3, 'deployment.rollout_completed', 'dep_1', { revision: 1 }],
    ],
    /under way was 2/,
  ],
  ['a replica that fails', [DEPLOYED, [2, 'deployment.replica_failed', 'dep_1']], /should not be/],
  [
    'a step that is done again',
    [
      [1, 'workspace.created', 'ws_1'],
      [2, 'workspace.step_started', 'ws_1', { step: 0 }],
      [3, 'workspace.step_started', 'ws_1', { step: 0 }],
    ],
    /0 steps were done/,
  ],
  [
    'a workspace that is ready too early',
    [
      [1, 'workspace.created', 'ws_1'],
      [2, 'workspace.step_started', 'ws_1', { step: 0 }],
      [3, 'workspace.ready', 'ws_1'],
    ],
    /under way/,
  ],
])('the log tells of %s', async (_, told, words) => {
  expect((await faultsOf(told)).join('\n')).toMatch(words);
});

test('and of nothing where nothing is wrong', async () => {
  expect(
    await faultsOf([
      CREATED,
      [2, 'vm.deleting', 'vm_1', { phase: 'deleting' }],
      [3, 'vm.deleted', 'vm_1', { phase: 'deleting', name: 'c1' }],
      [4, 'operation.created', 'op_1'],
      [5, 'operation.failed', 'op_1', { reason: 'snapshot.source_ended' }],
      [6, 'vm.created', 'vm_2', { phase: 'pending', name: 'c1' }],
      [7, 'deployment.created', 'dep_1', { replicas: 2 }],
      [8, 'deployment.rollout_started', 'dep_1', { revision: 1 }],
      [9, 'deployment.scaled', 'dep_1', { from: 2, to: 0 }],
      [10, 'deployment.rollout_completed', 'dep_1', { revision: 1 }],
      [11, 'deployment.phase_changed', 'dep_1', { from: 'pending', to: 'running' }],
      [12, 'deployment.deleted', 'dep_1'],
      [13, 'workspace.created', 'ws_1'],
      [14, 'workspace.step_started', 'ws_1', { step: 0 }],
      [15, 'workspace.step_completed', 'ws_1', { step: 0 }],
      [16, 'workspace.ready', 'ws_1'],
    ]),
  ).toEqual([]);
});

test('a step that a guest has forgotten fails its workspace where guests forget, and nowhere else', async () => {
  const told: readonly Told[] = [
    [1, 'workspace.created', 'ws_1'],
    [2, 'execution.started', 'exec_1'],
    [3, 'workspace.step_started', 'ws_1', { step: 0 }],
    [4, 'execution.completed', 'exec_1', { state: 'lost' }],
    [5, 'workspace.failed', 'ws_1', { execution_id: 'exec_1' }],
  ];

  expect(await faultsOf(told)).toHaveLength(1);
  expect(await faultsOf(told, { forgetsCommands: true })).toEqual([]);
  expect(await faultsOf(told.slice(4), { forgetsCommands: true })).toHaveLength(1);
});

const VM = {
  id: 'vm_1',
  name: 'c1',
  phase: 'running',
  incarnation: 2,
  pid: 7,
  snapshot_id: null,
  deployment: null,
  labels: {},
} as const;
const MACHINE = { incarnation: 2, identity: '7', pid: 7 } as const;

function checked({
  vms = [VM],
  machine = MACHINE,
  before = MACHINE,
  suspendedLife = null,
  litter = [],
  isSpare = false,
}: {
  readonly vms?: readonly Pick<Vm, keyof typeof VM>[];
  readonly machine?: { readonly incarnation: number; readonly identity: string; readonly pid: number } | null;
  readonly before?: { readonly incarnation: number; readonly identity: string; readonly pid: number } | null;
  readonly suspendedLife?: number | null;
  readonly litter?: readonly string[];
  readonly isSpare?: boolean;
}): string {
  const book = createBook();
  book.vms.push({ name: 'c1', id: 'vm_1', creation: 'accepted', deletion: null });
  const host = new Map([['vm_1', { machine, suspendedLife, litter, isSpare }]]);
  const then = new Map([['vm_1', { machine: before, suspendedLife: null, litter: [], isSpare: false }]]);
  return checkVms(book, vms, host, then).join('\n');
}

test('the comparison of VMs finds what is lost, left over, stuck or another', () => {
  expect(checked({})).toBe('');
  expect(checked({ suspendedLife: 2 })).toContain('can be woken as life 2');
  expect(checked({ vms: [{ ...VM, phase: 'suspended' }], machine: null, suspendedLife: 2 })).toBe('');
  expect(checked({ vms: [{ ...VM, phase: 'suspended' }], machine: null })).toContain('can be woken as life null');
  expect(checked({ vms: [] })).toContain('lost VM: c1');
  expect(checked({ vms: [] })).toContain('orphan on the host: vm_1');
  expect(checked({ vms: [], isSpare: true })).not.toContain('orphan');
  expect(checked({ vms: [VM, { ...VM, id: 'vm_2', name: 'c2' }] })).toContain('nobody asked for: c2');
  expect(checked({ vms: [{ ...VM, phase: 'stopping' }] })).toContain('stuck');
  expect(checked({ vms: [{ ...VM, phase: 'stopped' }] })).toContain('has a machine');
  expect(checked({ machine: null })).toContain('has no machine');
  expect(checked({ machine: { ...MACHINE, incarnation: 1 } })).toContain('of incarnation 1');
  expect(checked({ machine: { ...MACHINE, identity: '8', pid: 8 } })).toContain('said to have pid 7 and has 8');
  expect(checked({ before: { ...MACHINE, identity: '6' } })).toContain('was 6 before the kill');
  expect(checked({ litter: ['run/disk.qcow2.new'] })).toContain('run/disk.qcow2.new');
});

import type { Event } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import { canMove, VM_PHASES, type VmPhase } from '../../../packages/server/src/domain/vm/phase.ts';
import { createAlertLines } from './alerts.ts';
import { createLifeLines, type LifeLines } from './life-lines.ts';

const PAGE = 200;
const FINAL = ['operation.succeeded', 'operation.failed', 'operation.cancelled', 'execution.completed'];
/** Nothing in a storm without faults of machines may end one, or find one that is nobody's. */
const NEVER = [
  'vm.failed',
  'vm.orphan_reaped',
  'operation.failed',
  'deployment.replica_failed',
  'deployment.rollout_stopped',
  'workspace.failed',
  'volume.failed',
];

/** The server's event log as it has been read so far, and whether it can be true. */
export interface EventLog {
  readonly lastSequence: number;
  /** Operations and commands that have begun and not ended, except commands in halted guests, which wait with them. */
  open(): readonly string[];
  /** Reads on to the end of the log. Returns what is wrong with what was read, one sentence each. */
  readOn(client: VolaryClient): Promise<readonly string[]>;
  hasEnded(operationId: string): boolean;
  /** Those whose lines have not been seen in the log. */
  unlogged(): readonly Event[];
  /** They have been. */
  noteLogged(): void;
  /** The last events, the newest last. */
  tail(count: number): readonly Event[];
}

/** Phases in which a command waits with its guest. */
const HALTED: readonly (VmPhase | undefined)[] = ['paused', 'suspended'];

/** What comes of a VM that ends before it is saved, as somebody has asked it to, and of a batch of which something was not possible. */
const USUAL_FAILURES = ['snapshot.source_ended', 'snapshot.not_made', 'batch.items_failed'];

/** What the events so far come to. */
interface Story {
  lastSequence: number;
  readonly phases: Map<string, VmPhase>;
  readonly gone: Set<string>;
  /** By id, the VM that it concerns. */
  readonly open: Map<string, string | null>;
  readonly ended: Set<string>;
  /** Of VMs that are there, by their names. */
  readonly named: Map<string, string>;
  /** Commands whose end nobody has seen. */
  readonly lost: Set<string>;
  readonly others: LifeLines;
  readonly alerts: ReturnType<typeof createAlertLines>;
}

/** `forgetsCommands`: what runs in guests when a server dies is lost, as in simulated ones, and so is what waits for its end. */
export function createEventLog({ forgetsCommands = false } = {}): EventLog {
  const events: Event[] = [];
  const unlogged: Event[] = [];
  const story: Story = {
    lastSequence: 0,
    ...{ phases: new Map(), gone: new Set(), named: new Map(), lost: new Set() },
    ...{ open: new Map(), ended: new Set() },
    others: createLifeLines(),
    alerts: createAlertLines(),
  };
  const isHalted = (id: string, vmId: string | null): boolean =>
    id.startsWith('exec_') && HALTED.includes(story.phases.get(vmId ?? ''));
  return {
    get lastSequence() {
      return story.lastSequence;
    },
    open: () => [...story.open].filter(([id, vmId]) => !isHalted(id, vmId)).map(([id]) => id),
    async readOn(client) {
      const faults: string[] = [];
      for (;;) {
        const { items } = await client.events.list({ after: story.lastSequence, limit: PAGE });
        for (const event of items) {
          const fault = follow(story, event, forgetsCommands);
          if (fault !== null) faults.push(`#${event.sequence} ${event.type} of ${event.subject}: ${fault}`);
          story.lastSequence = event.sequence;
          events.push(event);
          unlogged.push(event);
        }
        events.splice(0, events.length - 2 * PAGE);
        if (items.length < PAGE) return faults;
      }
    },
    hasEnded: (operationId) => story.ended.has(operationId),
    unlogged: () => unlogged,
    noteLogged: () => void unlogged.splice(0),
    tail: (count) => events.slice(-count),
  };
}

/** Goes on with the story by one event; what is wrong with it, or null. */
function follow(story: Story, event: Event, forgetsCommands: boolean): string | null {
  const { type, sequence, data } = event;
  if (sequence !== story.lastSequence + 1) return `it follows #${story.lastSequence}`;
  const isCutOff = forgetsCommands && story.lost.has(String(data['execution_id']));
  const isUsual = isCutOff || USUAL_FAILURES.some((reason) => reason === data['reason']);
  if (NEVER.includes(type) && !isUsual) {
    // It has its end all the same.
    if (FINAL.includes(type)) end(story, event);
    return `it should not be, ${JSON.stringify(data)}`;
  }
  if (type.startsWith('vm.')) return followVm(story, event);
  if (type === 'operation.created' || type === 'execution.started') return begin(story, event);
  return FINAL.includes(type) ? end(story, event) : (story.others.follow(event) ?? story.alerts.follow(event));
}

function followVm(story: Story, event: Event): string | null {
  const { type, subject, data } = event;
  const before = story.phases.get(subject);
  const after = VM_PHASES.find((phase) => phase === data['phase']);
  // A machine's end that nobody has asked for is told with its cause.
  if (data['cause'] !== undefined) return `its machine ended by itself, ${JSON.stringify(data)}`;
  if (story.gone.has(subject)) return 'the VM was deleted before';
  if (after === undefined) return 'it tells no phase';
  if ((before === undefined) !== (type === 'vm.created')) return `the VM was ${before}`;
  story.phases.set(subject, after);
  const twin = followName(story, event);
  if (twin !== null) return twin;
  if (type === 'vm.deleted') story.gone.add(subject);
  return before === undefined || before === after || canMove(before, after) ? null : `from ${before} to ${after}`;
}

/** A VM has its name to itself until it is gone. */
function followName({ named }: Story, { type, subject, data }: Event): string | null {
  const name = String(data['name']);
  if (type === 'vm.deleted') named.delete(name);
  if (type !== 'vm.created') return null;
  const other = named.get(name);
  named.set(name, subject);
  return other === undefined ? null : `${other} is named ${name} too`;
}

function begin({ open, ended }: Story, { subject, vm_id: vmId }: Event): string | null {
  if (open.has(subject) || ended.has(subject)) return 'it has begun before';
  open.set(subject, vmId);
  return null;
}

function end({ open, ended, lost }: Story, { subject, data }: Event): string | null {
  if (data['state'] === 'lost') lost.add(subject);
  if (!open.delete(subject)) return 'it was not under way';
  ended.add(subject);
  return null;
}

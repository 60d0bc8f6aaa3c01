import type { Vm } from '@volary/contract';
import type { Book } from '../book.ts';
import type { HostView, HostVm } from '../host-view.ts';
import { checkWords } from './words.ts';

/** What is looked at of a VM. */
type CheckedVm = Pick<Vm, 'id' | 'name' | 'phase' | 'incarnation' | 'pid' | 'snapshot_id' | 'deployment' | 'labels'>;

const MOVING = /ing$|^pending$/;

/**
 * What is wrong with the VMs, one sentence each: those that the clients know against those that the server tells of, and those
 * against what is on the host. `before`: the host when the last server died.
 */
export function checkVms(book: Book, vms: readonly CheckedVm[], host: HostView, before: HostView): readonly string[] {
  return [
    ...checkWords(
      'VM',
      book.vms,
      vms.filter(isOwn).map(({ name }) => name),
    ),
    ...vms.flatMap((vm) => checkMachine(vm, host.get(vm.id), before.get(vm.id))),
    ...orphansOf(vms, host).map((id) => `orphan on the host: ${id}`),
  ];
}

/** The label that the VM of a workspace has. */
export const WORKSPACE_LABEL = 'volary.workspace';

/** Whether somebody has asked for this very VM, and not for something that it is a part of. */
export function isOwn({ deployment, labels }: Pick<Vm, 'deployment' | 'labels'>): boolean {
  return deployment === null && labels[WORKSPACE_LABEL] === undefined;
}

/** What is on the host and belongs to no VM, nor waits for one. */
export function orphansOf(vms: readonly Pick<Vm, 'id'>[], host: HostView): readonly string[] {
  const known = new Set<string>(vms.map(({ id }) => id));
  return [...host].flatMap(([id, { isSpare }]) => (known.has(id) || isSpare ? [] : [id]));
}

/** What it is woken from is there while it is suspended, and never else: it would be of another moment than its disk. */
function checkSuspended(vm: CheckedVm, { suspendedLife }: HostVm, who: string): readonly string[] {
  const wanted = vm.phase === 'suspended' ? vm.incarnation : null;
  return suspendedLife === wanted ? [] : [`${who} can be woken as life ${suspendedLife}`];
}

function checkMachine(vm: CheckedVm, now: HostVm | undefined, before: HostVm | undefined): readonly string[] {
  const who = `${vm.name} (${vm.id}, ${vm.phase}, incarnation ${vm.incarnation})`;
  if (MOVING.test(vm.phase) && vm.phase !== 'running') return [`stuck: ${who}`];
  // Its source could not be saved, so that it never had a disk.
  const isUnmade = vm.phase === 'failed' && vm.snapshot_id !== null;
  if (now === undefined) return isUnmade ? [] : [`no disk of ${who}`];
  const faults = [...now.litter.map((what) => `${who} has on its host: ${what}`), ...checkSuspended(vm, now, who)];
  const isAlive = vm.phase === 'running' || vm.phase === 'paused';
  if (!isAlive && now.machine !== null) faults.push(`${who} has a machine ${now.machine.identity}`);
  if (!isAlive) return faults;
  if (now.machine === null) return [...faults, `${who} has no machine`];
  const { incarnation, identity, pid } = now.machine;
  if (incarnation !== vm.incarnation) faults.push(`${who} has a machine of incarnation ${incarnation}`);
  if (pid !== null && pid !== vm.pid) faults.push(`${who} is said to have pid ${vm.pid} and has ${pid}`);
  const was = before?.machine ?? null;
  if (was !== null && was.incarnation === incarnation && was.identity !== identity)
    faults.push(`${who} was ${was.identity} before the kill and is ${identity}`);
  return faults;
}

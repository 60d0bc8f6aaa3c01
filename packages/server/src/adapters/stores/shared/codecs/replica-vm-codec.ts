import type { ReplicaVm } from '../../../../domain/deployment/replica.ts';
import { VM_HEALTHS } from '../../../../domain/vm/vm.ts';
import type { VmRow } from '../rows/vm-row.ts';
import { readRow } from './damaged-row.ts';
import * as read from './read-value.ts';
import { decodeStatus, power, type StatusColumns } from './vm-codec.ts';

/** Of a VM's row, what tells how it is as a replica. */
export type ReplicaVmRow = StatusColumns &
  Pick<VmRow, 'id' | 'name' | 'deployment_index' | 'deployment_revision' | 'desired_power' | 'health'> &
  Pick<VmRow, 'restart_count' | 'restart_at' | 'generation'>;

/** The replica in a row. Throws `data_loss` store.damaged. */
export function decodeReplicaVm(row: ReplicaVmRow): ReplicaVm {
  return readRow({ what: 'vm', id: row.id }, () => ({
    id: vmId(row.id, 'id'),
    name: read.text(row.name, 'name'),
    index: read.count(row.deployment_index, 'deployment_index'),
    revision: read.count(row.deployment_revision, 'deployment_revision'),
    desired: { power: power(row.desired_power, 'desired_power') },
    status: decodeStatus(row),
    health: health(row.health, 'health'),
    restarts: {
      count: read.count(row.restart_count, 'restart_count'),
      at: optionalNumber(row.restart_at, 'restart_at'),
    },
    generation: read.count(row.generation, 'generation'),
  }));
}

const vmId = read.id('vm');
const health = read.oneOf(VM_HEALTHS);
const optionalNumber = read.nullable(read.number);

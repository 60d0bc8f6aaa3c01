import { setupOf } from '../../domain/workspace/setup.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import { numberedId } from './samples.contract.ts';

const AT = 1_767_225_600_000;

/** A workspace whose VM has not run yet, with this number in its ids and its name. */
export function sampleWorkspace(number: number, change: Partial<Workspace> = {}): Workspace {
  return {
    id: numberedId('ws', number),
    name: `desk-${number}`,
    owner: 'admin',
    vmId: numberedId('vm', number),
    labels: {},
    metadata: {},
    ttlSeconds: null,
    repository: null,
    setup: setupOf(null, [{ command: 'make' }]),
    isDeleting: false,
    generation: 1,
    revision: 1,
    createdAt: AT,
    updatedAt: AT,
    ...change,
  };
}

import type { Vm } from '../../domain/vm/vm.ts';
import { statusOf } from '../../domain/workspace/status.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { SeenWorkspace } from '../apis/workspace-api.ts';
import type { EngineDeps } from '../deps.ts';

/** The workspace with what is seen of its VM. */
export function seeWorkspace({ drivers }: Pick<EngineDeps, 'drivers'>, workspace: Workspace, vm: Vm): SeenWorkspace {
  const driver = drivers.all.find(({ kind }) => kind === vm.driver);
  const machineName = vm.handle === null ? null : (driver?.nameMachine?.(vm.handle) ?? null);
  return { workspace, vm, ...statusOf(workspace, vm.status), machineName };
}

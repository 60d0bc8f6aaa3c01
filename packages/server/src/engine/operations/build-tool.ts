import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { toolText } from '../../domain/tool/tool.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import type { Once } from '../requests.ts';
import { resolveTool } from '../tools/vm-tools.ts';
import { operationEvent } from './events.ts';
import { newOperation, type OperationDeps } from './request-change.ts';

export type ToolOperationDeps = Pick<OperationDeps, 'store' | 'bus' | 'clock' | 'ids' | 'config' | 'tracer'> &
  Pick<EngineDeps, 'tools' | 'queue'>;

/** Asks for a tool to be built, in the version that is meant now. A build of it that is under way is returned as it is. */
export async function buildTool(
  deps: ToolOperationDeps,
  principal: Principal,
  request: { readonly name: string; readonly range: string | null },
  { once }: Once = {},
): Promise<Operation> {
  authorise(principal, 'tool:build');
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  const name = toolText(await resolveTool(deps, request));
  const { operation, isNew } = await deps.store.transaction(async (tables) => {
    const active = (await tables.operations.listActive()).find(
      ({ subject }) => subject.kind === 'tool' && subject.name === name,
    );
    const made = newOperation(deps, {
      kind: 'tool.build',
      subject: { kind: 'tool', name },
      generation: 0,
      principal: principal.name,
    });
    const operation = active ?? made;
    if (active === undefined) {
      await tables.operations.insert(made);
      await tables.events.append([operationEvent('operation.created', made, made.createdAt)]);
      await recordAudit(tables, deps.clock, principal, {
        action: 'tool.build',
        target: auditTarget('tool', { name }),
        details: { operation_id: operation.id },
      });
    }
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: operation.id });
    return { operation, isNew: active === undefined };
  });
  if (isNew) {
    deps.bus.publish('events', '');
    deps.queue.enqueue(`tool:${operation.id}`);
  }
  return operation;
}

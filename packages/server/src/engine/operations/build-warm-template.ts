import { VolaryError } from '../../domain/errors.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import type { Once } from '../requests.ts';
import { type TemplateKind, titleOfKind, toTemplateResult } from '../warm/template-request.ts';
import { completeSpec } from './complete-spec.ts';
import { operationEvent } from './events.ts';
import { newOperation, type OperationDeps } from './request-change.ts';

type BuildDeps = Pick<OperationDeps, 'store' | 'bus' | 'clock' | 'ids' | 'config' | 'tracer'> &
  Pick<EngineDeps, 'driver' | 'images' | 'queue' | 'networks'>;

/** Asks for a warm template to be made, unless it is there. A build of the same one that is under way is returned as it is. */
export async function buildWarmTemplate(
  deps: BuildDeps,
  principal: Principal,
  asked: Partial<TemplateKind>,
  { once }: Once = {},
): Promise<Operation> {
  authorise(principal, 'warm-template:build');
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  const kind: TemplateKind = await completeSpec(deps, deps.driver, asked);
  requirePossible(deps);
  const subject = { kind: 'warm_template', name: titleOfKind(kind) } as const;
  const made: Operation = {
    ...newOperation(deps, { kind: 'warm_template.build', subject, generation: 0, principal: principal.name }),
    result: toTemplateResult(kind, null),
  };
  const operation = await deps.store.transaction(async (tables) => {
    const active = (await tables.operations.listActive()).find(
      (each) => each.kind === made.kind && each.subject.name === subject.name,
    );
    if (active === undefined) {
      await tables.operations.insert(made);
      await tables.events.append([operationEvent('operation.created', made, made.createdAt)]);
      await recordAudit(tables, deps.clock, principal, {
        action: 'warm-template.build',
        target: auditTarget('warm-template', { name: subject.name }),
        details: { operation_id: made.id },
      });
    }
    const { id } = active ?? made;
    await bindKey(tables, deps.clock, once, { kind: 'operation', id });
    return active ?? made;
  });
  if (operation === made) {
    deps.bus.publish('events', '');
    deps.queue.enqueue(`warm_template:${operation.id}`);
  }
  return operation;
}

function requirePossible({ driver, config }: BuildDeps): void {
  if (driver.warm === null) {
    throw new VolaryError('unsupported', `The ${driver.kind} driver has no warm templates.`, {
      reason: 'driver.no_warm_templates',
    });
  }
  if (config.warm.isEnabled) return;
  throw new VolaryError('failed_precondition', 'This server was told to do without warm templates.', {
    reason: 'warm_template.disabled',
  });
}

import type { Mutation } from '../../domain/audit/actions.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type Template, titleOfTemplate } from '../../domain/template/template.ts';
import type { EpochMs } from '../../domain/time.ts';
import { auditTarget, type Done } from '../audit/record-audit.ts';

/** Something that was done to a version of a template, for the audit. */
export function doneToTemplate(
  action: Extract<Mutation, `template.${string}`>,
  template: Template,
  details: JsonObject = {},
): Done {
  const { id, owner } = template;
  return {
    action,
    target: auditTarget('template', { id, name: titleOfTemplate(template) }),
    details: { owner, ...details },
  };
}

/** An event about a version of a template. */
export function templateEvent(
  type: Extract<EventType, `template.${string}`>,
  { id, name, version, owner, isBuiltIn }: Template,
  at: EpochMs,
): NewEvent {
  return {
    type,
    at,
    subject: id,
    vmId: null,
    owner: isBuiltIn ? null : owner,
    operationId: null,
    data: { name, version },
  };
}

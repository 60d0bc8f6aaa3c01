import type { Mutation } from '../../domain/audit/actions.ts';
import type { EventType, NewEvent } from '../../domain/events.ts';
import type { Network } from '../../domain/network/network.ts';
import type { SecurityGroup } from '../../domain/network/security-group.ts';
import type { EpochMs } from '../../domain/time.ts';
import { auditTarget, type Done } from '../audit/record-audit.ts';

/** Something that was done to a network, for the audit. */
export function doneToNetwork(action: Extract<Mutation, `network.${string}`>, network: Network): Done {
  const { owner, cidr, egress } = network;
  return { action, target: auditTarget('network', network), details: { owner, cidr, egress: egress.policy } };
}

/** An event about a network. */
export function networkEvent(type: Extract<EventType, `network.${string}`>, network: Network, at: EpochMs): NewEvent {
  const { id, owner, name, cidr, egress } = network;
  return { type, at, subject: id, vmId: null, owner, operationId: null, data: { name, cidr, egress: egress.policy } };
}

/** Something that was done to a security group, for the audit. */
export function doneToGroup(action: Extract<Mutation, `security-group.${string}`>, group: SecurityGroup): Done {
  return { action, target: auditTarget('security-group', group), details: { owner: group.owner, ...countsOf(group) } };
}

/** An event about a security group. */
export function groupEvent(
  type: Extract<EventType, `security_group.${string}`>,
  group: SecurityGroup,
  at: EpochMs,
): NewEvent {
  const { id, owner, name } = group;
  return { type, at, subject: id, vmId: null, owner, operationId: null, data: { name, ...countsOf(group) } };
}

function countsOf({ ingress, egress }: SecurityGroup): { readonly ingress: number; readonly egress: number | null } {
  return { ingress: ingress.length, egress: egress?.length ?? null };
}

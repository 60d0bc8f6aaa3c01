import { Type } from 'typebox';
import {
  ExecutionId,
  NetworkRef,
  OperationRef,
  SecretRef,
  SecurityGroupRef,
  SessionId,
  SnapshotRef,
  VmRef,
  VolumeRef,
  WebhookId,
} from './ids.ts';
import { LIMITS } from './limits.ts';
import { object } from './schema.ts';
import { UserRef } from './users.ts';

export const VmRefParams = object({ ref: VmRef }, { description: 'A VM.' });
export const ExecutionParams = object({ id: ExecutionId }, { description: 'An execution.' });
export const OperationParams = object({ id: OperationRef }, { description: 'An operation.' });
export const SnapshotRefParams = object({ ref: SnapshotRef }, { description: 'A snapshot.' });
export const UserRefParams = object({ ref: UserRef }, { description: 'A user.' });
export const SessionParams = object({ id: SessionId }, { description: 'A session.' });
export const WebhookParams = object({ id: WebhookId }, { description: 'A webhook.' });

export const NetworkRefParams = object({ ref: NetworkRef }, { description: 'A network.' });
export const SecurityGroupRefParams = object({ ref: SecurityGroupRef }, { description: 'A security group.' });
export const VolumeRefParams = object({ ref: VolumeRef }, { description: 'A volume.' });
export const SecretRefParams = object({ ref: SecretRef }, { description: 'A secret.' });

/** The `limit` of each list. */
export const Limit = Type.Integer({
  minimum: LIMITS.pageItems.minimum,
  maximum: LIMITS.pageItems.maximum,
  default: LIMITS.pageItems.default,
  description: 'How many items at most.',
});

/** The `selector` of each list of what has labels. */
export const LabelSelector = Type.String({
  maxLength: LIMITS.selectorLength,
  description:
    'Only those whose labels are such: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b,c)`, `a` (it has the label), `!a` (it has not), with commas between; all of them hold. At most 32.',
  examples: ['app=web,tier in (front,edge),!canary'],
});

/** The query of a list that is shown whole. */
export const SelectorQuery = object({ selector: Type.Optional(LabelSelector) }, { description: 'What to list.' });

/** The `timeout` of each wait. */
export const WaitTimeout = Type.Integer({
  minimum: LIMITS.waitSeconds.minimum,
  maximum: LIMITS.waitSeconds.maximum,
  default: LIMITS.waitSeconds.default,
  description: 'How long to wait, seconds.',
});

export const ByteOffset = Type.Integer({
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Of the first byte.',
});

/** A query flag: `true` or `false`. */
export function flag(description: string) {
  return Type.Boolean({ default: false, description });
}

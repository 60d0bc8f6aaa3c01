import { VolaryError } from '../errors.ts';
import type { SecurityGroupId } from '../ids.ts';
import type { EpochMs } from '../time.ts';
import { checkRules, MOST_RULES, type TrafficRule } from './traffic.ts';

/** Named rules that VMs are put under; one VM may be under several, and is then allowed what any of them allows. */
export interface SecurityGroup {
  readonly id: SecurityGroupId;
  readonly name: string;
  readonly owner: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What others may begin with its VMs. With none, nothing. */
  readonly ingress: readonly TrafficRule[];
  /** What its VMs may begin with others, within what egress allows; null: all that. */
  readonly egress: readonly TrafficRule[] | null;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly revision: number;
}

/** Of an installation; of one VM; characters of a description. */
export const SECURITY_GROUP_LIMITS = { count: 1_000, ofVm: 8, descriptionLength: 256, rules: MOST_RULES } as const;

/** Throws `invalid_argument` network.invalid_rule. */
export function checkSecurityGroup({
  description,
  ingress,
  egress,
}: Pick<SecurityGroup, 'description' | 'ingress' | 'egress'>): void {
  if (description.length > SECURITY_GROUP_LIMITS.descriptionLength) {
    throw new VolaryError('invalid_argument', 'The description is too long.', {
      reason: 'network.invalid_rule',
      details: { field: 'description', maximum: SECURITY_GROUP_LIMITS.descriptionLength },
    });
  }
  checkRules('ingress', ingress);
  checkRules('egress', egress ?? []);
}

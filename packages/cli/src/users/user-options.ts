import type { CreateApiKeyRequest, CreateUserRequest, UpdateUserRequest, UserQuota } from '@volary/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { usageError } from '../errors.ts';
import { addLabelOption, type LabelOptions, labelsOf } from '../operations/label-option.ts';
import { collectList } from '../parse-values.ts';

const QUOTA_KINDS = [
  'vms',
  'vcpus',
  'memory_mib',
  'disk_gib',
  'snapshots',
  'executions',
  'networks',
  'security_groups',
] as const satisfies readonly (keyof UserQuota)[];
const NONE = 'none';

export interface UserOptions extends LabelOptions {
  readonly email?: string;
  readonly displayName?: string;
  readonly role?: readonly string[];
  readonly quota?: UserQuota | typeof NONE;
  readonly enable?: true;
  readonly disable?: true;
}

export interface KeyOptions extends LabelOptions {
  readonly owner?: string;
  readonly permission?: readonly string[];
  readonly expires?: string;
}

/** The settings that `create` and `update` have in common. */
export function addUserOptions(command: Command): Command {
  const isUpdate = command.name() === 'update';
  return addLabelOption(command, { isChange: isUpdate })
    .option('--email <address>', `e-mail address to log in by${isUpdate ? '; none takes it away' : ''}`)
    .option('--display-name <name>', 'name for people')
    .option(
      '--role <roles>',
      `roles, such as operator or viewer,deployer ${isUpdate ? '(in place of all there were)' : '(default: member)'}`,
      collectList,
    )
    .option('--quota <limits>', 'limits, for example vms=4,memory_mib=2048; none: the general ones', parseQuota);
}

export function toCreateUser(name: string, options: UserOptions): CreateUserRequest {
  const { email, displayName, role, quota } = options;
  return {
    name,
    ...(email === undefined ? {} : { email }),
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(role === undefined ? {} : { roles: [...role] }),
    ...(quota === undefined || quota === NONE ? {} : { quota }),
    ...labelsOf(options),
  };
}

export function toUpdateUser(options: UserOptions): UpdateUserRequest {
  const { email, displayName, role, quota, enable, disable } = options;
  if (enable && disable) throw usageError('It is either --enable or --disable.');
  const change = {
    ...(email === undefined ? {} : { email: email === NONE ? null : email }),
    ...(displayName === undefined ? {} : { display_name: displayName }),
    ...(role === undefined ? {} : { roles: [...role] }),
    ...(quota === undefined ? {} : { quota: quota === NONE ? null : quota }),
    ...labelsOf(options),
    ...(enable === undefined ? {} : { state: 'active' as const }),
    ...(disable === undefined ? {} : { state: 'disabled' as const }),
  };
  if (Object.keys(change).length === 0) throw usageError('Say what to change.', 'volary help users');
  return change;
}

/** `now` is a moment, milliseconds since 1970. */
export function toCreateKey(name: string, options: KeyOptions, now: number): CreateApiKeyRequest {
  const { owner, permission, expires } = options;
  return {
    name,
    ...(owner === undefined ? {} : { owner }),
    ...(permission === undefined ? {} : { permissions: [...permission] }),
    ...(expires === undefined ? {} : { expires_at: parseExpiry(expires, now) }),
    ...labelsOf(options),
  };
}

/** `12h`, `30d`, or a moment such as `2027-01-31` or `2027-01-31T12:00:00Z`. */
function parseExpiry(text: string, now: number): string {
  const [, count, unit] = /^(\d{1,6})([hd])$/.exec(text) ?? [];
  const at = count === undefined ? Date.parse(text) : now + Number(count) * (unit === 'h' ? 3_600_000 : 86_400_000);
  if (Number.isFinite(at)) return new Date(at).toISOString();
  throw usageError(`Invalid time: ${text}.`, 'for example 12h, 30d or 2027-01-31');
}

function parseQuota(text: string): UserQuota | typeof NONE {
  if (text === NONE) return NONE;
  const quota: UserQuota = {};
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=', 2);
    const kind = QUOTA_KINDS.find((each) => each === name);
    if (kind === undefined || !/^\d{1,9}$/.test(value)) {
      throw new InvalidArgumentError(`Limits are NAME=NUMBER, of ${QUOTA_KINDS.join(', ')}.`);
    }
    quota[kind] = Number(value);
  }
  return quota;
}

/**
 * Identifiers: a UUID (version 7: sortable by time) shown with a prefix that names its kind, as a TypeID
 * (https://github.com/jetify-com/typeid, spec 0.3): `vm_01kahx6z4qf8r9y6m3s2t1v0wq`. The 128 bits are the identity;
 * dialects whose documents say UUID show the same bits as a plain UUID.
 */
declare const brand: unique symbol;

export type Id<Prefix extends string> = string & { readonly [brand]: Prefix };

export const ID_PREFIXES = [
  'vm',
  'op',
  'exec',
  'host',
  'req',
  'hook',
  'dlv',
  'snap',
  'usr',
  'key',
  'sess',
  'sec',
  'tpl',
  'dep',
  'net',
  'sg',
  'vol',
  'ws',
  'alert',
] as const;
export type IdPrefix = (typeof ID_PREFIXES)[number];

export type VmId = Id<'vm'>;
export type OperationId = Id<'op'>;
export type ExecutionId = Id<'exec'>;
export type HostId = Id<'host'>;
export type WebhookId = Id<'hook'>;
export type DeliveryId = Id<'dlv'>;
export type SnapshotId = Id<'snap'>;
export type UserId = Id<'usr'>;
export type ApiKeyId = Id<'key'>;
export type SessionId = Id<'sess'>;
export type SecretId = Id<'sec'>;
export type TemplateId = Id<'tpl'>;
export type DeploymentId = Id<'dep'>;
export type NetworkId = Id<'net'>;
export type SecurityGroupId = Id<'sg'>;
export type VolumeId = Id<'vol'>;
export type WorkspaceId = Id<'ws'>;
export type AlertId = Id<'alert'>;

const BASE32 = digitsOf('0123456789abcdefghjkmnpqrstvwxyz', 5);
const HEX = digitsOf('0123456789abcdef', 4);
const SUFFIX = /^[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** The id of `prefix` that stands for this UUID. Throws RangeError if it is none. */
export function idFromUuid<P extends IdPrefix>(prefix: P, uuid: string): Id<P> {
  if (!UUID.test(uuid)) throw new RangeError('not a UUID');
  const digits = uuid.replaceAll('-', '').toLowerCase();
  return `${prefix}_${recode(digits, { from: HEX, to: BASE32, first: 2 })}` as Id<P>;
}

/** The id if `text` is a well-formed one of this kind, else null. */
export function parseId<P extends IdPrefix>(prefix: P, text: string): Id<P> | null {
  return text.startsWith(`${prefix}_`) && SUFFIX.test(text.slice(prefix.length + 1)) ? (text as Id<P>) : null;
}

/** What some dialects call operations: the same id with another prefix. */
const OPERATION_PREFIXES = ['op', 'job', 'batch_job'] as const;

/** The operation of an id in the words of any dialect: `op_…`, `job_…`, `batch_job_…`; null for anything else. */
export function parseOperationId(text: string): OperationId | null {
  const prefix = OPERATION_PREFIXES.find(
    (one) => text.startsWith(`${one}_`) && SUFFIX.test(text.slice(one.length + 1)),
  );
  return prefix === undefined ? null : parseId('op', `op_${text.slice(prefix.length + 1)}`);
}

/** True for a well-formed id of any kind. */
export function isId(text: string): boolean {
  return ID_PREFIXES.some((prefix) => parseId(prefix, text) !== null);
}

/** The UUID behind an id, in lower case with hyphens. */
export function uuidOf(id: Id<IdPrefix>): string {
  const suffix = id.slice(id.indexOf('_') + 1);
  const hex = recode(suffix, { from: BASE32, to: HEX, first: -2 });
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

interface Digits {
  readonly letters: string;
  readonly width: number;
  /** The value of each letter, by its character code. */
  readonly values: Readonly<Record<number, number>>;
}

function digitsOf(letters: string, width: number): Digits {
  return {
    letters,
    width,
    values: Object.fromEntries([...letters].map((letter, value) => [letter.charCodeAt(0), value])),
  };
}

/**
 * The same bits in other digits, the highest first. 26 digits of base 32 are 130 bits: `first` zeros are put before the first bit, or
 * taken away. By small numbers: a list shows thousands of ids a second.
 */
function recode(
  text: string,
  { from, to, first }: { readonly from: Digits; readonly to: Digits; readonly first: number },
): string {
  let digits = '';
  let held = 0;
  let count = first;
  for (let i = 0; i < text.length; i++) {
    held = (held << from.width) | (from.values[text.charCodeAt(i)] ?? 0);
    count += from.width;
    while (count >= to.width) {
      count -= to.width;
      digits += to.letters.charAt(held >> count);
      held &= (1 << count) - 1;
    }
  }
  return digits;
}

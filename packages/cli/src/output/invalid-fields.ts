import type { FieldError } from '@volary/contract';

/** What the user typed for a field of a request; a field that is not here is called as on the wire. */
const TYPED_AS: Readonly<Record<string, string>> = {
  memory_mib: '--memory',
  disk_gib: '--disk',
  vcpus: '--vcpus',
  image: '--image',
  labels: '--label',
  restart_policy: '--restart',
  'network.mode': '--network',
  timeout_ms: '--timeout',
  grace_ms: '--grace',
  signal: '--signal',
  cwd: '--cwd',
  user: '--user',
  env: '--env',
  type: '--type',
  phase: '--phase',
  vm: '--vm',
  limit: '--limit',
  after: '--after',
  incarnation: '--incarnation',
  ref: 'the name',
  id: 'the id',
  argv: 'the command',
};

const NAME_OF_VM = 'must be 1 to 63 lower-case letters, digits and hyphens, or the id of a VM (vm_…)';

/** The fields of a request that are wrong as one sentence, by the names of options, and what may be given instead. */
export function formatInvalidFields(errors: readonly FieldError[]): string {
  const text = errors.map(formatField).join('; ');
  return `${text.replace(/^the /, 'The ')}.`; // a name of the wire keeps its case
}

function formatField({ field, message, allowed }: FieldError): string {
  const base = field.replace(/\[\d+\]$/, '');
  const [top = '', ...inner] = base.split('.');
  const typed = TYPED_AS[base] ?? [TYPED_AS[top] ?? top, ...inner].join('.');
  if ((base === 'ref' || base === 'vm') && message.startsWith('is not well-formed')) return `${typed} ${NAME_OF_VM}`;
  return `${typed === '' ? 'the request' : typed} ${formatAllowed(allowed, unitOf(base)) ?? message}`;
}

/** Null where the message says it as well. */
function formatAllowed(allowed: unknown, unit: string): string | null {
  if (Array.isArray(allowed)) return `must be one of these: ${allowed.join(', ')}`;
  if (typeof allowed !== 'object' || allowed === null) return null;
  const { minimum, maximum }: { minimum?: unknown; maximum?: unknown } = allowed;
  if (minimum !== undefined && maximum !== undefined) return `must be ${minimum} to ${maximum}${unit}`;
  if (minimum !== undefined) return `must be at least ${minimum}${unit}`;
  return maximum === undefined ? null : `must be at most ${maximum}${unit}`;
}

function unitOf(field: string): string {
  if (field.endsWith('_mib')) return ' MiB';
  if (field.endsWith('_gib')) return ' GiB';
  return field.endsWith('_ms') ? ' ms' : '';
}

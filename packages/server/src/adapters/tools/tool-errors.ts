import { toVolaryError, VolaryError } from '../../domain/errors.ts';

/** Versions that a refusal names. */
const NAMED_VERSIONS = 12;

export function unknownTool(name: string, there: readonly string[]): VolaryError {
  return new VolaryError('invalid_argument', `There is no tool ${name}; there are: ${there.join(', ')}.`, {
    reason: 'tool.unknown',
    details: { field: 'tools', tool: name, allowed: there },
  });
}

/** `there`: newest first. */
export function unknownVersion(name: string, range: string, there: readonly string[]): VolaryError {
  const named = there.slice(0, NAMED_VERSIONS);
  const more = there.length > named.length ? ` and ${there.length - named.length} older ones` : '';
  const list = named.length === 0 ? 'none is known' : `there are: ${named.join(', ')}${more}`;
  return new VolaryError('invalid_argument', `There is no version ${range} of ${name}; ${list}.`, {
    reason: 'tool.unknown_version',
    details: { field: 'tools', tool: name, allowed: named },
  });
}

/** `instead`: what can be had, as it is asked for. */
export function unreachable(
  name: string,
  version: string | null,
  instead: readonly string[],
  cause: unknown,
): VolaryError {
  const what = version === null ? name : `${name} ${version}`;
  const offer = instead.length === 0 ? '' : ` What can be had instead: ${instead.join(', ')}.`;
  const why = toVolaryError(cause).message;
  return new VolaryError('unavailable', `${what} cannot be fetched: ${why}${offer}`, {
    reason: 'tool.unreachable',
    details: { tool: name, instead },
    cause,
  });
}

import { type ErrorCode, VolaryError } from '../../../../domain/errors.ts';

const REFUSALS = {
  ENOENT: ['not_found', 'guest.no_such_file', 'There is no such file in the guest.'],
  EEXIST: ['already_exists', 'guest.file_exists', 'The file exists in the guest.'],
  ENOTEMPTY: ['failed_precondition', 'guest.refused', 'The directory in the guest is not empty.'],
  EISDIR: ['invalid_argument', 'guest.invalid_path', 'The path is a directory in the guest.'],
  ENOTDIR: ['invalid_argument', 'guest.invalid_path', 'A part of the path is no directory in the guest.'],
  EINVAL: ['invalid_argument', 'guest.invalid_path', 'That is no path.'],
  ENAMETOOLONG: ['invalid_argument', 'guest.invalid_path', 'The path is too long.'],
  EBUSY: ['failed_precondition', 'guest.refused', 'The guest is not idle.'],
  EPIPE: ['failed_precondition', 'guest.refused', 'The connection in the guest is closed.'],
  ECONNREFUSED: ['failed_precondition', 'guest.refused', 'Nobody listens there in the guest.'],
} as const satisfies Record<string, readonly [ErrorCode, string, string]>;

/** The guest's refusal with Linux's name for it, as a real agent's would be translated. */
export function guestRefused(errno: keyof typeof REFUSALS): VolaryError {
  const [code, reason, message] = REFUSALS[errno];
  return new VolaryError(code, message, { reason, details: { errno } });
}

/** The session is over. */
export function linkLost(why: string): VolaryError {
  return new VolaryError('unavailable', `The link to the guest's agent has ended: ${why}.`, {
    reason: 'guest.link_lost',
  });
}

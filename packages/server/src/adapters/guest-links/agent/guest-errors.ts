/** What a guest refuses, and what happens to its link, as errors of ours. */
import { VolaryError } from '../../../domain/errors.ts';
import { errnoName } from './errno.ts';
import type { GuestRefusal } from './messages/result.ts';

/** How much of a guest's own words is shown, characters. */
const SHOWN_WORDS = 300;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to be taken out
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/gu;

/** The error behind a refusal to do something with a file, a connection, or the machine itself. */
export function refusalError(refusal: GuestRefusal): VolaryError {
  const name = errnoName(refusal.errno);
  const options = { details: { errno: name } };
  const words = wordsOf(refusal);
  switch (name) {
    case 'ENOENT':
      return new VolaryError('not_found', words, { reason: 'guest.no_such_file', ...options });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new VolaryError('permission_denied', words, { reason: 'guest.permission_denied', ...options });
    case 'EEXIST':
      return new VolaryError('already_exists', words, { reason: 'guest.file_exists', ...options });
    case 'ENOSPC':
    case 'EDQUOT':
      return new VolaryError('resource_exhausted', words, { reason: 'guest.no_space', ...options });
    case 'EISDIR':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
    case 'EINVAL':
    case 'ELOOP':
      return new VolaryError('invalid_argument', words, { reason: 'guest.invalid_path', ...options });
    default:
      return new VolaryError('failed_precondition', words, { reason: 'guest.refused', ...options });
  }
}

type StartStep = 'program' | 'user' | 'directory';

const MISSING: Readonly<Record<StartStep | 'other', string | null>> = {
  program: 'The guest has no such program.',
  user: 'The guest has no such user.',
  directory: 'The guest has no such directory to run it in.',
  other: null,
};

const UNUSABLE: Readonly<Record<StartStep | 'other', string>> = {
  program: 'The guest cannot run the program',
  user: 'The guest cannot run it as that user',
  directory: 'The guest cannot run it in that directory',
  other: 'The guest could not start it',
};

/** The error behind a refusal to start a command. */
export function startRefusalError(refusal: GuestRefusal): VolaryError {
  const name = errnoName(refusal.errno);
  switch (name) {
    case 'EALREADY':
      return new VolaryError('conflict', 'A command with this id has ended already.', {
        reason: 'execution.already_ended',
        details: { errno: name },
      });
    case 'ESRCH':
      return unknownExecution();
    case 'EBUSY':
    case 'EBADMSG':
    case 'EOPNOTSUPP':
      return refusalError(refusal);
    default:
      return notStarted(refusal);
  }
}

/** The agent says at which step it failed (PROTOCOL.md, EXEC): a program that is not there is told from a user that is not. */
function notStarted(refusal: GuestRefusal): VolaryError {
  const name = errnoName(refusal.errno);
  const [said] = refusal.message.split(':');
  const step = isStartStep(said) ? said : 'other';
  const missing = name === 'ENOENT' ? MISSING[step] : null;
  return new VolaryError('failed_precondition', missing ?? `${UNUSABLE[step]} (${name}).`, {
    reason: 'execution.not_started',
    details: { errno: name, step },
  });
}

function isStartStep(text: string | undefined): text is StartStep {
  return text === 'program' || text === 'user' || text === 'directory';
}

/** The error behind a refusal to attach to a command: one that has ended and was forgotten is unknown too. */
export function attachRefusalError(refusal: GuestRefusal): VolaryError {
  const name = errnoName(refusal.errno);
  if (name === 'ESRCH' || name === 'EALREADY') return unknownExecution();
  return new VolaryError('failed_precondition', wordsOf(refusal), {
    reason: 'guest.refused',
    details: { errno: name },
  });
}

/** A command whose request fits into no frame, like one too long for the kernel (`E2BIG`). */
export function requestTooLong(): VolaryError {
  return new VolaryError('failed_precondition', "The command's arguments and environment are too long.", {
    reason: 'execution.not_started',
    details: { errno: 'E2BIG', step: 'program' },
  });
}

/** A path that no Linux can have: `code` is `invalid_argument`. */
export function invalidPath(message: string, errno: 'EINVAL' | 'ENAMETOOLONG'): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'guest.invalid_path', details: { errno } });
}

/** `why`: for the log. */
export function linkLost(why: string, cause?: unknown): VolaryError {
  return new VolaryError('unavailable', 'The link to the guest was lost.', {
    reason: 'guest.link_lost',
    context: { why },
    ...(cause === undefined ? {} : { cause }),
  });
}

export function guestSilent(timeoutMs: number): VolaryError {
  return new VolaryError('deadline_exceeded', `The guest's agent did not answer within ${timeoutMs} ms.`, {
    reason: 'guest.silent',
    details: { timeout_ms: timeoutMs },
  });
}

export function noCommonVersion(agentVersion: string): VolaryError {
  return new VolaryError('unsupported', "The guest's agent speaks no version of the protocol that this server does.", {
    reason: 'guest.protocol_version',
    details: { agent_version: printable(agentVersion) },
  });
}

export function stdinClosed(): VolaryError {
  return new VolaryError('failed_precondition', "The command's input is closed.", { reason: 'execution.stdin_closed' });
}

export function connectionEnded(): VolaryError {
  return new VolaryError('failed_precondition', 'Nothing can be written after the end of a connection.', {
    reason: 'guest.refused',
    details: { errno: 'EPIPE' },
  });
}

function unknownExecution(): VolaryError {
  return new VolaryError('not_found', 'The guest does not know this command.', {
    reason: 'execution.unknown_to_guest',
  });
}

function wordsOf({ errno, message }: GuestRefusal): string {
  const words = printable(message);
  return words === '' ? `The guest refused: ${errnoName(errno)}.` : `The guest refused: ${words}.`;
}

/** A guest's text, safe to show: it may say anything. */
function printable(text: string): string {
  return text.slice(0, SHOWN_WORDS).replaceAll(UNPRINTABLE, '\ufffd');
}

import { usageError } from '../errors.ts';

/** A VM, and who is to log in there; null: the guest's root. */
export interface Destination {
  readonly ref: string;
  readonly user: string | null;
}

/** Reads `[user@]vm`. Throws `cli.usage` where a part is empty, or --login names somebody else. */
export function parseDestination(text: string, login: string | undefined): Destination {
  const at = text.lastIndexOf('@');
  const ref = text.slice(at + 1);
  const named = at === -1 ? null : text.slice(0, at);
  if (ref === '' || named === '' || login === '') throw usageError(`"${text}" names no VM.`, 'volary help ssh');
  if (named !== null && login !== undefined && login !== named) {
    throw usageError(`"${text}" and --login ${login} name two users.`, 'volary help ssh');
  }
  return { ref, user: named ?? login ?? null };
}

/**
 * What a guest runs for these words: the user's login shell by itself, or that shell with the line which the words make. The agent says
 * in SHELL which one that is; `exec` leaves nothing between it and us, so that signals and the exit code are its own. It begins in the directory, if
 * one is given and there.
 */
export function shellArgv(words: readonly string[], directory: string | null = null): readonly string[] {
  const place = directory === null ? [] : [directory];
  const go = directory === null ? '' : 'cd -- "$1" 2>/dev/null; shift; ';
  if (words.length === 0) return ['/bin/sh', '-c', `${go}exec "$SHELL" -l`, 'sh', ...place];
  return ['/bin/sh', '-c', `${go}exec "$SHELL" -c "$1"`, 'sh', ...place, words.join(' ')];
}

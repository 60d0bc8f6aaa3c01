/**
 * What each exit code of the command line means. Scripts rely on it: a number never changes its meaning.
 *
 * `volary exec`, `volary ssh` and `volary workspace ssh` end with the command's own code, so they keep their own failures apart, in 124 and 125.
 */
export const EXIT_CODES = {
  ok: 0,
  error: 1,
  usage: 2,
  notFound: 3,
  precondition: 4,
  noServer: 5,
  timedOut: 124,
  execFailed: 125,
} as const;

export type ExitCode = number;

/** The table of `volary help exit-codes` and docs/guide/cli.md: code and meaning. */
export const EXIT_CODE_MEANINGS: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'done'],
  ['1', 'any other error'],
  ['2', 'the command line was not understood, or a value is out of its range'],
  ['3', 'the named resource does not exist'],
  ['4', 'not possible in the current state: it exists already, is not running, was changed meanwhile'],
  ['5', 'no server answers, or it refuses the key'],
  ['124', 'exec: the command was killed after the time given with --timeout'],
  ['125', 'exec, ssh, workspace ssh: the command could not be run, or its result is unknown (for any reason)'],
  [
    '126, 127',
    "exec, ssh: the guest could not run the program, or does not have it (the command's own code, as in a shell)",
  ],
  ['128 + n', 'ended by signal n: for exec and ssh the signal that killed the command, else the one that ended volary'],
  ['any other', "exec, ssh: the command's own exit code"],
];

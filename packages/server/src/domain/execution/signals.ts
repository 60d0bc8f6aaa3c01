/** Linux signal numbers on x86-64 and arm64 (signal(7)). */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPWR: 30,
  SIGSYS: 31,
} as const;

const BY_NUMBER: ReadonlyMap<number, string> = new Map(Object.entries(SIGNALS).map(([name, number]) => [number, name]));
const BY_NAME: ReadonlyMap<string, number> = new Map(Object.entries(SIGNALS));

/** `SIGKILL` for 9; real-time signals, which have no names of their own, as `SIG34`. */
export function signalName(number: number): string {
  return BY_NUMBER.get(number) ?? `SIG${number}`;
}

/** 9 for `SIGKILL` or `KILL`, in either case; null if there is no such signal. */
export function signalNumber(name: string): number | null {
  const upper = name.toUpperCase();
  return BY_NAME.get(upper.startsWith('SIG') ? upper : `SIG${upper}`) ?? null;
}

import { constants } from 'node:os';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * Passes our signals on to the command while this is held, and lives on until the command has ended of them. The same
 * signal again, while the first is still unanswered, ends us: the VM may be paused, or its server gone.
 */
export function forwardSignals(send: (signal: string) => Promise<void>): Disposable {
  const unanswered = new Set<string>();
  const forward = (signal: NodeJS.Signals): void => {
    if (unanswered.has(signal)) process.exit(128 + constants.signals[signal]);
    unanswered.add(signal);
    // A command that has just ended cannot be signalled any more, and one that cannot be reached is told of by its stream.
    send(signal)
      .catch(() => undefined)
      .finally(() => unanswered.delete(signal));
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return {
    [Symbol.dispose]: () => {
      for (const signal of FORWARDED) process.off(signal, forward);
    },
  };
}

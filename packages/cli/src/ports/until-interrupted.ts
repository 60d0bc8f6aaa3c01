const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Resolves when the user, or whoever runs us, wants an end; until then such a signal does nothing else. */
export function untilInterrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ENDING) process.once(signal, () => resolve());
  });
}

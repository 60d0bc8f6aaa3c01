/**
 * A number that grows with each committed change of a user, a role, a key or a session. What was found out about a credential
 * while it had this value is still true while it has it.
 *
 * Whoever makes such a change calls `advance` when it is committed, before the change is answered. Whoever keeps
 * what was found out takes `current` before looking.
 */
export interface IdentityEpoch {
  current(): number;
  advance(): void;
  /** Has this called after each `advance`, for as long as the epoch lasts. It must not throw. */
  onAdvance(listener: () => void): void;
}

export function createIdentityEpoch(): IdentityEpoch {
  let epoch = 0;
  const listeners: (() => void)[] = [];
  return {
    current: () => epoch,
    advance: () => {
      epoch += 1;
      for (const listener of listeners) listener();
    },
    onAdvance: (listener) => void listeners.push(listener),
  };
}

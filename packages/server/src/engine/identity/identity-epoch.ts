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
}

export function createIdentityEpoch(): IdentityEpoch {
  let epoch = 0;
  return {
    current: () => epoch,
    advance: () => {
      epoch += 1;
    },
  };
}

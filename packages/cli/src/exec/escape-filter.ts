const TILDE = 0x7e;
const DOT = 0x2e;
const LINE_ENDS: ReadonlySet<number> = new Set([0x0a, 0x0d]);

export interface Filtered {
  /** What is left for the command. */
  readonly bytes: Uint8Array;
  /** True when the user typed the way out; nothing after it is passed on. */
  readonly isLeaving: boolean;
}

/**
 * Finds `~.` at the start of a typed line, the way out of a command that does not answer (as in ssh): in raw mode an
 * interrupt goes to the guest, which may be paused or hung. `~~` there stands for one `~`. Bytes may come in any pieces.
 */
export function createEscapeFilter(): (typed: Uint8Array) => Filtered {
  let state: State = 'line start';

  return (typed) => {
    const kept: number[] = [];
    for (const byte of typed) {
      if (state === 'tilde' && byte === DOT) return { bytes: Uint8Array.from(kept), isLeaving: true };
      kept.push(...toKeep(state, byte));
      state = next(state, byte);
    }
    return { bytes: Uint8Array.from(kept), isLeaving: false };
  };
}

type State = 'line start' | 'tilde' | 'within line';

/** A tilde at the start of a line is held back until what follows it is known. */
function toKeep(state: State, byte: number): readonly number[] {
  if (byte === TILDE) return state === 'line start' ? [] : [TILDE];
  return state === 'tilde' ? [TILDE, byte] : [byte];
}

function next(state: State, byte: number): State {
  if (byte === TILDE && state === 'line start') return 'tilde';
  return LINE_ENDS.has(byte) ? 'line start' : 'within line';
}

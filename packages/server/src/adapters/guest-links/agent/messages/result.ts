import { readWhole } from '../wire-reader.ts';

export interface GuestRefusal {
  /** Linux's number. */
  readonly errno: number;
  /** The guest's words: not to be trusted, for people only. */
  readonly message: string;
}

export function decodeError(payload: Buffer): GuestRefusal {
  return readWhole(payload, (reader) => ({ errno: reader.u16(), message: reader.text() }));
}

/** The RESULT of what answers nothing but "done". */
export function decodeNothing(payload: Buffer): void {
  readWhole(payload, () => undefined);
}

import { WINDOW_MAX_BYTES } from './messages/channel.ts';
import { ProtocolViolation } from './protocol-violation.ts';

/** How much of one channel may be here unread, bytes. */
const UNREAD_MAX_BYTES = 512 * 1024;
/** The limit is moved when it can be moved by this much: a WINDOW for every few DATA. */
const LIMIT_STEP_BYTES = UNREAD_MAX_BYTES / 2;
/**
 * What is kept here is told when it is this much more: well below the 64 KiB that a guest short of memory keeps, so that it never
 * waits for an acknowledgement that is held back here.
 */
const ACKNOWLEDGE_STEP_BYTES = 32 * 1024;

/**
 * The receiving end of one channel (PROTOCOL.md, section 4): what the guest may send, what came, what was read, what is
 * safe. Offsets are absolute and outlive sessions:
 *
 *   acknowledged <= read <= received <= limit <= acknowledged + 1 MiB
 *
 * After a new session the guest sends again from `acknowledged`; what came already is dropped here.
 */
export class ReceiveWindow {
  readonly #acknowledgesByReading: boolean;
  readonly #newsStep: number;
  #acknowledged: number;
  #read: number;
  #received: number;
  /** Where the next DATA of this session has to begin. */
  #next: number;
  #limit = 0;
  #toldAcknowledged = 0;
  #mayJump = false;
  #end: number | null = null;

  /** `acknowledgesByReading`: what has been read is safe; otherwise `acknowledge` says so. */
  constructor(kept: number, { acknowledgesByReading }: { readonly acknowledgesByReading: boolean }) {
    this.#acknowledgesByReading = acknowledgesByReading;
    this.#newsStep = acknowledgesByReading ? LIMIT_STEP_BYTES : ACKNOWLEDGE_STEP_BYTES;
    this.#acknowledged = kept;
    this.#read = kept;
    this.#received = kept;
    this.#next = kept;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  get received(): number {
    return this.#received;
  }

  /** All there is has been read. */
  get isRead(): boolean {
    return this.#read === this.#end;
  }

  /** The channel's length, once its EOF has come. */
  get end(): number | null {
    return this.#end;
  }

  /** A new session begins: nothing is granted, and the guest goes on from `from`, which is not past `received`. */
  begin(from: number = this.#acknowledged): void {
    this.#next = from;
    this.#limit = 0;
    this.#toldAcknowledged = this.#acknowledged;
  }

  /** Output that somebody else has acknowledged before is gone: the first DATA or EOF may lie behind what was expected. */
  allowJump(): void {
    this.#mayJump = true;
  }

  /** The guest has said that it goes on at `offset`: what lies before it and did not come is gone. Once in a session, before its DATA. */
  skipTo(offset: number): void {
    if (offset < this.#next || offset > (this.#end ?? offset))
      throw new ProtocolViolation('output goes on where it cannot');
    // What has come and was not read yet is still to be: it counts as read when it is.
    const gone = Math.max(0, offset - this.#received);
    this.#next = offset;
    this.#read += gone;
    this.#received += gone;
    this.#acknowledged = Math.max(this.#acknowledged, offset);
  }

  /** Takes DATA. Returns its bytes that are new, if any, and where they begin. */
  take(offset: number, bytes: Buffer): { readonly offset: number; readonly bytes: Buffer } | null {
    if (offset + bytes.length > this.#limit) throw new ProtocolViolation('DATA goes past its limit');
    if (this.#end !== null && offset + bytes.length > this.#end)
      throw new ProtocolViolation('DATA comes after its EOF');
    this.#arriveAt(offset);
    this.#next = offset + bytes.length;
    const known = this.#received - offset;
    if (known >= bytes.length) return null;
    const fresh = { offset: this.#received, bytes: known === 0 ? bytes : bytes.subarray(known) };
    this.#received = this.#next;
    return fresh;
  }

  takeEnd(offset: number): void {
    this.#arriveAt(offset);
    if (offset < this.#received || (this.#end !== null && this.#end !== offset)) {
      throw new ProtocolViolation('EOF is not at the end of its channel');
    }
    this.#end = offset;
  }

  /** The reader has taken this many bytes. */
  consume(length: number): void {
    this.#read += length;
    if (this.#acknowledgesByReading) this.#acknowledged = this.#read;
  }

  /** The bytes before `offset` are safe. Never goes back, and never past what has been read. */
  acknowledge(offset: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(offset, this.#read));
  }

  /** What to tell the guest, if it is worth a frame; it counts as told. */
  due(): { readonly acknowledged: number; readonly limit: number } | null {
    const limit = Math.max(this.#limit, Math.min(this.#read + UNREAD_MAX_BYTES, this.#acknowledged + WINDOW_MAX_BYTES));
    const moves = this.#end === null ? limit - this.#limit : 0;
    const news = this.#acknowledged - this.#toldAcknowledged;
    const isBlocked = moves > 0 && this.#next >= this.#limit;
    const isLast = news > 0 && this.#acknowledged === this.#end;
    if (moves < LIMIT_STEP_BYTES && news < this.#newsStep && !isBlocked && !isLast) return null;
    this.#limit = limit;
    this.#toldAcknowledged = this.#acknowledged;
    return { acknowledged: this.#acknowledged, limit };
  }

  #arriveAt(offset: number): void {
    if (this.#mayJump && offset > this.#next) {
      // Nobody will ever send what lies between.
      this.#acknowledged = offset;
      this.#read = offset;
      this.#received = offset;
    } else if (offset !== this.#next) throw new ProtocolViolation('DATA or EOF is not where it should be');
    this.#mayJump = false;
    this.#next = offset;
  }
}

import type { VolaryError } from '../../../domain/errors.ts';
import { FRAME_TYPES, type Frame, type FrameType } from './frame.ts';
import { encodePosition, encodeWindow, type Window } from './messages/channel.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import type { Session } from './session.ts';

/** Something that goes on over the link: a request, a command, a transfer. It may outlive sessions. */
export interface LinkStream {
  /** A session is open: says OPEN. `isSameAgent`: it is the agent of the session before, or this is the first one. */
  begin(port: StreamPort, isSameAgent: boolean): void;
  /** A frame for it. May throw ProtocolViolation. */
  take(frame: Frame): void;
  /** The session has ended. Returns whether the stream is to begin again in the next one. */
  lose(): boolean;
  /** The link is closed for good. */
  close(error: VolaryError): void;
}

/** Waits until bulk data may be written. */
export interface RoomWaiter {
  /** Writes at most one frame. Returns whether there is more that could be written at once. */
  writeOne(): boolean;
}

/** A stream's place in one session. Once that session is over, what is written goes nowhere. */
export class StreamPort {
  readonly #id: number;
  readonly #session: Session;
  readonly #table: StreamTable;

  constructor(id: number, session: Session, table: StreamTable) {
    this.#id = id;
    this.#session = session;
    this.#table = table;
  }

  send(type: FrameType, payload?: Uint8Array): void {
    if (this.#table.isCurrent(this.#session)) this.#session.send(type, this.#id, payload);
  }

  sendWindow(window: Window): void {
    this.send(FRAME_TYPES.WINDOW, encodeWindow(window));
  }

  sendEof(channel: number, offset: number): void {
    this.send(FRAME_TYPES.EOF, encodePosition(channel, offset));
  }

  sendData(channel: number, offset: number, bytes: Uint8Array): void {
    if (this.#table.isCurrent(this.#session)) this.#session.sendData(this.#id, channel, offset, bytes);
  }

  /** Whether bulk data may be written now; if not, `waiter` is called when it may. */
  hasRoomFor(waiter: RoomWaiter): boolean {
    if (this.#session.hasRoom()) return true;
    this.#table.waitForRoom(waiter);
    return false;
  }

  /** The stream is over at the guest's end: it is forgotten here. */
  end(): void {
    if (this.#table.isCurrent(this.#session)) this.#table.forget(this.#id);
  }

  /** Tells the guest that the stream is over, and forgets it. */
  close(): void {
    this.send(FRAME_TYPES.CLOSE);
    this.end();
  }
}

/** All streams of a link, and which of them the frames of the session that is open belong to. */
export class StreamTable {
  #session: Session | null = null;
  #lastId = 0;
  #isSameAgent = true;
  readonly #streams = new Map<number, LinkStream>();
  /** Those that wait for a session. */
  readonly #waiting = new Set<LinkStream>();
  readonly #roomWaiters = new Set<RoomWaiter>();
  #error: VolaryError | null = null;

  /** Begins the stream now, or when there is a session. On a closed link it is closed at once. */
  add(stream: LinkStream): void {
    if (this.#error !== null) stream.close(this.#error);
    else if (this.#session === null) this.#waiting.add(stream);
    else this.#begin(stream, this.#session, true);
  }

  /** Takes back a stream that waits for a session. */
  withdraw(stream: LinkStream): void {
    this.#waiting.delete(stream);
  }

  open(session: Session, isSameAgent: boolean): void {
    this.#session = session;
    this.#lastId = 0;
    this.#isSameAgent = isSameAgent;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of waiting) this.#begin(stream, session, this.#isSameAgent);
  }

  /** The session has ended: some streams end with it, the others wait for the next. */
  lose(): void {
    if (this.#session === null) return;
    this.#session = null;
    this.#roomWaiters.clear();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) if (stream.lose()) this.#waiting.add(stream);
  }

  /** Ends every stream, and whatever is added from now on. */
  close(error: VolaryError): void {
    if (this.#error !== null) return;
    this.#error = error;
    this.lose();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const stream of waiting) stream.close(error);
  }

  take(frame: Frame): void {
    if (frame.stream > this.#lastId) throw new ProtocolViolation('a frame belongs to a stream that was never opened');
    // Of a stream that has ended it may have been under way.
    this.#streams.get(frame.stream)?.take(frame);
  }

  /** There is room for bulk data: those who wait write in turn. */
  drained(): void {
    while (this.#roomWaiters.size > 0) {
      for (const waiter of [...this.#roomWaiters]) {
        if (this.#session?.hasRoom() !== true) return;
        if (!waiter.writeOne()) this.#roomWaiters.delete(waiter);
      }
    }
  }

  waitForRoom(waiter: RoomWaiter): void {
    this.#roomWaiters.add(waiter);
  }

  isCurrent(session: Session): boolean {
    return this.#session === session;
  }

  forget(id: number): void {
    this.#streams.delete(id);
  }

  #begin(stream: LinkStream, session: Session, isSameAgent: boolean): void {
    this.#lastId += 1;
    const id = this.#lastId;
    this.#streams.set(id, stream);
    stream.begin(new StreamPort(id, session, this), isSameAgent);
  }
}

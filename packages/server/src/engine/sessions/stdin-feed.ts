import { VolaryError } from '../../domain/errors.ts';
import type { GuestProcess } from '../../ports/guest-link.ts';

/** A part of a command's input, and where in it that begins. */
export interface StdinPart {
  /** Null: after what the command has when its turn comes. */
  readonly offset: number | null;
  readonly content: AsyncIterable<Uint8Array>;
  /** Nothing comes after it. */
  readonly end: boolean;
}

/** The way in to a command: each byte once, however often it is sent. */
export interface StdinFeed {
  /** The command is attached to, and has this many bytes of input already. */
  begin(receivedBytes: number): void;
  /**
   * Writes what the command does not have yet; one part after the other. Returns how many bytes it has then. Throws `conflict`
   * execution.stdin_gap, `failed_precondition` execution.stdin_closed / execution.not_running, `unavailable` guest.link_lost:
   * then the same part may be sent again.
   */
  write(part: StdinPart): Promise<number>;
}

export function createStdinFeed(process: () => Promise<GuestProcess>): StdinFeed {
  let received = 0;
  let queue: Promise<unknown> = Promise.resolve();

  async function feed({ offset, content, end }: StdinPart): Promise<number> {
    const guest = await process();
    let at = offset ?? received;
    if (at > received) throw stdinGap(received, at);
    for await (const bytes of content) {
      const fresh = bytes.subarray(Math.min(bytes.length, Math.max(0, received - at)));
      at += bytes.length;
      if (fresh.length === 0) continue;
      await guest.writeStdin(fresh);
      received += fresh.length;
    }
    if (end) await guest.closeStdin();
    return received;
  }

  return {
    begin(receivedBytes) {
      received = receivedBytes;
    },
    write(part) {
      const turn = queue.then(() => feed(part));
      queue = turn.catch(() => undefined);
      return turn;
    },
  };
}

function stdinGap(received: number, offset: number): VolaryError {
  return new VolaryError('conflict', `The command has ${received} bytes of input; these begin at ${offset}.`, {
    reason: 'execution.stdin_gap',
    details: { received_bytes: received },
  });
}

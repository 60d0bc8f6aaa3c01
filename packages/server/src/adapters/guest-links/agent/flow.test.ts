import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { VolaryError } from '../../../domain/errors.ts';
import { WINDOW_MAX_BYTES } from './messages/channel.ts';
import { ProtocolViolation } from './protocol-violation.ts';
import { ReceiveWindow } from './receive-window.ts';
import { SendChannel, type SendPort } from './send-channel.ts';
import type { RoomWaiter } from './stream-table.ts';

const KIB = 1024;
const ended = (): VolaryError => new VolaryError('failed_precondition', 'over', { reason: 'execution.stdin_closed' });

/** The receiving end that PROTOCOL.md describes, written down naively. */
class Receiver implements SendPort {
  readonly bytes: number[] = [];
  limit = 0;
  end: number | null = null;
  hasRoom = true;
  waiter: RoomWaiter | null = null;

  sendData(_: number, offset: number, bytes: Uint8Array): void {
    if (offset !== this.bytes.length) throw new Error(`DATA at ${offset} instead of ${this.bytes.length}`);
    if (offset + bytes.length > this.limit) throw new Error('DATA past the limit');
    this.bytes.push(...bytes);
  }

  sendEof(_: number, offset: number): void {
    if (offset !== this.bytes.length) throw new Error(`EOF at ${offset} instead of ${this.bytes.length}`);
    this.end = offset;
  }

  hasRoomFor(waiter: RoomWaiter): boolean {
    if (!this.hasRoom) this.waiter = waiter;
    return this.hasRoom;
  }
}

/** A sending end, its receiver, and what the receiver should have in the end. */
class Trial {
  readonly channel = new SendChannel(0, { isKept: true, afterEnd: ended });
  readonly receiver = new Receiver();
  readonly expected: number[] = [];
  readonly writes: Promise<void>[] = [];
  #acknowledged = 0;

  write(length: number): void {
    const bytes = Uint8Array.from({ length }, (_, i) => this.expected.length + i);
    this.expected.push(...bytes);
    this.writes.push(this.channel.write(bytes));
    // The caller's again.
    bytes.fill(255);
  }

  grant(limit: number, acknowledges: boolean): void {
    this.receiver.limit = Math.max(this.receiver.limit, limit);
    if (acknowledges) this.#acknowledged = this.receiver.bytes.length;
    this.channel.takeWindow({ channel: 0, acknowledged: this.#acknowledged, limit: this.receiver.limit });
  }

  /** What was on its way and not acknowledged may never have come. */
  cut(lost: number): void {
    const { bytes } = this.receiver;
    bytes.length = Math.max(this.#acknowledged, bytes.length - lost);
    this.#acknowledged = bytes.length;
    this.receiver.limit = 0;
    this.channel.lose();
    this.channel.begin(this.receiver, this.#acknowledged);
  }

  room(hasRoom: boolean): void {
    this.receiver.hasRoom = hasRoom;
    while (hasRoom && this.receiver.waiter?.writeOne() === true);
  }
}

type Step = (trial: Trial) => void;

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.nat(5000).map(
    (length): Step =>
      (trial) =>
        trial.write(length),
  ),
  fc.tuple(fc.nat(9000), fc.boolean()).map(
    ([more, acknowledges]): Step =>
      (trial) =>
        trial.grant(trial.receiver.bytes.length + more, acknowledges),
  ),
  fc.nat(9000).map(
    (lost): Step =>
      (trial) =>
        trial.cut(lost),
  ),
  fc.boolean().map(
    (hasRoom): Step =>
      (trial) =>
        trial.room(hasRoom),
  ),
);

describe('the sending end', () => {
  test('brings every byte once, whatever is granted, lost and cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const trial = new Trial();
        trial.channel.begin(trial.receiver, 0);

        for (const act of steps) act(trial);
        trial.cut(0);
        trial.room(true);
        const finished = trial.channel.finish();
        trial.grant(trial.expected.length, false);

        await Promise.all([...trial.writes, finished]);
        expect(trial.receiver.bytes).toEqual(trial.expected);
        expect(trial.receiver.end).toBe(trial.expected.length);
      }),
    );
  });

  test('goes on from what somebody else has written before', async () => {
    const channel = new SendChannel(0, { isKept: true, afterEnd: ended });
    const receiver = new Receiver();
    receiver.bytes.push(1, 2, 3);
    receiver.limit = 10;

    channel.begin(receiver, 3);
    channel.takeWindow({ channel: 0, acknowledged: 3, limit: 10 });
    await channel.write(Uint8Array.of(4));

    expect(receiver.bytes).toEqual([1, 2, 3, 4]);
  });

  test('says the end of an input only where there is one', () => {
    const channel = new SendChannel(0, { isKept: true, afterEnd: ended });
    const receiver = new Receiver();
    channel.begin(receiver, 0);

    void channel.finish();
    expect(receiver.end).toBe(null);
    channel.takeWindow({ channel: 0, acknowledged: 0, limit: 1 });

    expect(receiver.end).toBe(0);
  });

  test('nothing can be written after the end, and every wait ends with a failure', async () => {
    const channel = new SendChannel(0, { isKept: false, afterEnd: ended });
    channel.begin(new Receiver());
    const stuck = channel.write(Uint8Array.of(1));
    const finished = channel.finish();
    await expect(channel.write(Uint8Array.of(2))).rejects.toMatchObject({ reason: 'execution.stdin_closed' });

    channel.fail(new Error('lost'));

    for (const wait of [stuck, finished, channel.write(Uint8Array.of(3))]) await expect(wait).rejects.toThrow('lost');
  });
});

describe('the receiving end', () => {
  function granted(window: ReceiveWindow): { readonly acknowledged: number; readonly limit: number } {
    const due = window.due();
    if (due === null) throw new Error('nothing is due');
    return due;
  }

  test('grants at the start, and again when half of it was read', () => {
    const window = new ReceiveWindow(0, { acknowledgesByReading: true });
    const { limit } = granted(window);

    window.take(0, Buffer.alloc(limit));
    window.consume(limit / 2 - 1);
    // The sender is blocked: so even little is told at once.
    expect(granted(window)).toEqual({ acknowledged: limit / 2 - 1, limit: limit + limit / 2 - 1 });
    window.consume(1);

    expect(window.due()).toBe(null);
  });

  test('never grants more than 1 MiB past what is acknowledged, and never leaves the sender waiting', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ read: fc.nat(200 * KIB), acknowledge: fc.nat(200 * KIB) }), { minLength: 1 }),
        (steps) => {
          const window = new ReceiveWindow(0, { acknowledgesByReading: false });
          let { limit, acknowledged } = granted(window);
          let sent = 0;
          let read = 0;
          let kept = 0;
          for (const { read: more, acknowledge } of steps) {
            const length = Math.min(more, limit - sent);
            if (length > 0) window.take(sent, Buffer.alloc(length));
            sent += length;
            window.consume(sent - read);
            read = sent;
            kept = Math.min(read, kept + acknowledge);
            window.acknowledge(kept);
            const due = window.due();
            if (due !== null) ({ limit, acknowledged } = due);

            expect(limit - acknowledged).toBeLessThanOrEqual(WINDOW_MAX_BYTES);
            // The sender is blocked only where what is not acknowledged fills the bound.
            if (limit === sent) expect(sent - acknowledged).toBe(WINDOW_MAX_BYTES);
          }
        },
      ),
    );
  });

  test('tells what is safe in steps that no guest has to wait for, and all of it at the end', () => {
    const window = new ReceiveWindow(0, { acknowledgesByReading: false });
    granted(window);
    window.take(0, Buffer.alloc(40 * KIB));
    window.consume(40 * KIB);

    window.acknowledge(31 * KIB);
    expect(window.due()).toBe(null);
    window.acknowledge(32 * KIB);
    expect(granted(window).acknowledged).toBe(32 * KIB);
    window.takeEnd(40 * KIB);
    window.acknowledge(40 * KIB);

    expect(granted(window).acknowledged).toBe(40 * KIB);
  });

  test('drops what comes a second time after a cut, and only that', () => {
    const window = new ReceiveWindow(0, { acknowledgesByReading: false });
    granted(window);
    window.take(0, Buffer.from('abcdef'));
    window.consume(6);
    window.acknowledge(2);

    window.begin();
    expect(granted(window).acknowledged).toBe(2);

    expect(window.take(2, Buffer.from('cd'))).toBe(null);
    expect(window.take(4, Buffer.from('efgh'))).toEqual({ offset: 6, bytes: Buffer.from('gh') });
    expect(() => window.take(9, Buffer.from('x'))).toThrow(ProtocolViolation);
  });

  test('acknowledges nothing that was not read, and takes nothing back', () => {
    const window = new ReceiveWindow(0, { acknowledgesByReading: false });
    granted(window);
    window.take(0, Buffer.alloc(100));
    window.consume(50);

    window.acknowledge(1_000);
    expect(window.acknowledged).toBe(50);
    window.acknowledge(3);

    expect(window.acknowledged).toBe(50);
  });

  test('begins behind what is gone, if it was told that something may be', () => {
    const window = new ReceiveWindow(0, { acknowledgesByReading: false });
    granted(window);
    window.allowJump();

    expect(window.take(100, Buffer.from('x'))).toEqual({ offset: 100, bytes: Buffer.from('x') });
    expect(window.acknowledged).toBe(100);
    expect(() => window.take(200, Buffer.from('x'))).toThrow(ProtocolViolation);
  });
});

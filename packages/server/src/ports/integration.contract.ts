import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toVolaryError, type VolaryError } from '../domain/errors.ts';
import type { Incoming, IncomingDelivery } from '../domain/integrations.ts';
import type { IncomingEvents } from './integration.ts';

/** How a delivery of this integration is made, as its other side makes it. */
export interface IncomingFixture {
  readonly incoming: IncomingEvents;
  /** Signed at `nowMs` by the right secret, or by another one. */
  sign(body: Uint8Array, options?: { readonly atMs?: number; readonly isForged?: boolean }): IncomingDelivery;
  /** What `incoming` takes for the time. */
  readonly nowMs: number;
  /** Whether a signature is too old at some time. */
  readonly hasWindow: boolean;
  /** Bodies of each kind that there is. */
  readonly bodies: readonly object[];
}

const bytes = (body: object): Uint8Array => new TextEncoder().encode(JSON.stringify(body));

function refusal(incoming: IncomingEvents, delivery: IncomingDelivery): VolaryError {
  try {
    incoming.handleEvent(delivery);
  } catch (error) {
    return toVolaryError(error);
  }
  throw new Error('it was not refused');
}

/** What is asked of whatever takes what an integration's other side sends. */
export function incomingEventsContract(name: string, make: () => IncomingFixture): void {
  describe(`what ${name} sends`, () => {
    it('is believed when it is signed, and known again by the same id', () => {
      const { incoming, sign, bodies } = make();
      for (const body of bodies) {
        const first = incoming.handleEvent(sign(bytes(body)));
        const again = incoming.handleEvent(sign(bytes(body)));
        expect(again).toEqual(first);
        expect(idOf(first)).not.toBe('');
      }
      const ids = bodies.map((body) => idOf(incoming.handleEvent(sign(bytes(body)))));
      expect(new Set(ids).size).toBe(bodies.length);
    });

    it('is the same whatever its Content-Type says, which nobody has signed', () => {
      const { incoming, sign, bodies } = make();
      for (const body of bodies) {
        const delivery = sign(bytes(body));
        const taken = incoming.handleEvent(delivery);
        for (const type of ['application/x-www-form-urlencoded', 'application/json', 'text/plain', undefined])
          expect(incoming.handleEvent({ ...delivery, headers: { ...delivery.headers, 'content-type': type } })).toEqual(
            taken,
          );
      }
    });

    it('is not believed with another signature, or with none, and not with a byte more or less', () => {
      const { incoming, sign, bodies } = make();
      for (const body of bodies) {
        const forged = sign(bytes(body), { isForged: true });
        expect(refusal(incoming, forged).reason).toBe('integration.signature_invalid');
        const delivery = sign(bytes(body));
        const longer = { ...delivery, body: Buffer.concat([delivery.body, Buffer.from(' ')]) };
        expect(refusal(incoming, longer).reason).toBe('integration.signature_invalid');
        const shorter = { ...delivery, body: delivery.body.subarray(1) };
        expect(refusal(incoming, shorter).reason).toBe('integration.signature_invalid');
        expect(refusal(incoming, { ...delivery, headers: {} })).toMatchObject({
          code: 'unauthenticated',
          reason: 'integration.signature_missing',
        });
      }
    });

    it('is not believed, whatever stands where the signature should', () => {
      const { incoming, sign, bodies } = make();
      const delivery = sign(bytes(bodies[0] ?? {}));
      const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '0'.repeat(64), '0'.repeat(128)));
      for (const header of Object.keys(delivery.headers).filter((each) => /signature/.test(each)))
        fc.assert(
          fc.property(anything, (value) => {
            const { code } = refusal(incoming, { ...delivery, headers: { ...delivery.headers, [header]: value } });
            expect(code).toBe('unauthenticated');
          }),
        );
    });

    it('is believed for five minutes before and after it was signed, where a time is signed', (context) => {
      const { incoming, sign, bodies, nowMs, hasWindow } = make();
      if (!hasWindow) return context.skip('a signature of this integration has no time in it');
      const body = bytes(bodies[0] ?? {});
      for (const seconds of [-299, 299]) incoming.handleEvent(sign(body, { atMs: nowMs + seconds * 1_000 }));
      for (const seconds of [-302, 302, -86_400])
        expect(refusal(incoming, sign(body, { atMs: nowMs + seconds * 1_000 }))).toMatchObject({
          code: 'unauthenticated',
          reason: 'integration.signature_expired',
        });
    });

    it('may be anything, signed: then it is understood or refused as malformed', () => {
      const { incoming, sign } = make();
      const anything = fc.oneof(
        fc.uint8Array({ maxLength: 64 }),
        fc.json().map((text) => new TextEncoder().encode(text)),
        fc.object().map(bytes),
        fc.constant(Buffer.from('['.repeat(10_000))),
        fc.constant(Buffer.from('{"__proto__": {"type": 1}, "constructor": {"prototype": 1}}')),
      );
      fc.assert(
        fc.property(anything, (body) => {
          let error: VolaryError | null = null;
          try {
            incoming.handleEvent(sign(body));
          } catch (thrown) {
            error = toVolaryError(thrown);
          }
          expect([undefined, 'invalid_argument', 'unauthenticated']).toContain(error?.code);
        }),
      );
    });

    it('keeps a few KiB of it at most, however long it is', () => {
      const { incoming, sign, bodies } = make();
      for (const body of bodies) {
        const taken = incoming.handleEvent(sign(bytes(lengthened(body))));
        if (taken.kind !== 'handshake') expect(JSON.stringify(taken.event.summary).length).toBeLessThan(8_192);
      }
    });

    it('is answered with an object, whatever it is', () => {
      const { incoming, sign, bodies } = make();
      for (const body of bodies) {
        const taken = incoming.handleEvent(sign(bytes(body)));
        for (const reply of [null, { text: 'done' }])
          expect(JSON.parse(JSON.stringify(incoming.answer(taken, reply)))).toBeTypeOf('object');
      }
    });
  });
}

function idOf(incoming: Incoming): string {
  return incoming.kind === 'handshake' ? `handshake ${incoming.challenge}` : incoming.event.deliveryId;
}

/** The same with long texts where there are words of people. */
function lengthened(value: object): object {
  const words = new Set(['title', 'body', 'text', 'message', 'zen']);
  const text = JSON.stringify(value, (key, inner: unknown) =>
    words.has(key) && typeof inner === 'string' ? `${inner}${'é'.repeat(100_000)}` : inner,
  );
  return JSON.parse(text);
}

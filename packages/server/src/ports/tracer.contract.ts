import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SpanContext } from '../domain/trace.ts';
import type { Tracer } from './tracer.ts';

/** A span as it came to where spans are kept. */
export interface KeptSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty where a trace begins with it. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly { readonly name: string }[];
  readonly isFault: boolean;
  readonly startMs: number;
  readonly endMs: number;
}

export interface TracerSubject {
  readonly tracer: Tracer;
  /** Ends the tracer, and reads all that has come of it. */
  finish(): Promise<readonly KeptSpan[]>;
}

const CALLER: SpanContext = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), isSampled: true };

/** What every tracer does that records all traces. */
export function tracerContract(name: string, make: () => Promise<TracerSubject & AsyncDisposable>): void {
  describe(`${name} fulfils the tracer contract`, () => {
    let subject: Awaited<ReturnType<typeof make>>;
    let tracer: Tracer;
    beforeEach(async () => {
      subject = await make();
      tracer = subject.tracer;
    });
    afterEach(() => subject[Symbol.asyncDispose]());

    it('begins a trace, and goes on with that of a caller', async () => {
      tracer.start({ name: 'alone', parent: null }).end();
      tracer.start({ name: 'asked', kind: 'server', attributes: { a: 1 }, parent: CALLER }).end({
        name: 'asked for birds',
        attributes: { b: true },
      });

      const [alone, asked] = await subject.finish();

      expect(alone).toMatchObject({ name: 'alone', parentSpanId: '', isFault: false });
      expect(asked).toMatchObject({
        ...{ name: 'asked for birds', traceId: CALLER.traceId, parentSpanId: CALLER.spanId },
        attributes: { a: 1, b: true },
      });
      expect(new Set([alone?.traceId, asked?.traceId]).size).toBe(2);
    });

    it('knows what is part of what, also after waiting, and what is part of nothing', async () => {
      const { context } = tracer.start({ name: 'outer', parent: null });

      expect(tracer.current()).toBeNull();
      const seen = await tracer.within(context, async () => {
        await nextTurn();
        const within = tracer.current();
        const apart = await tracer.within(null, async () => {
          await nextTurn();
          return tracer.current();
        });
        return { within, apart, after: tracer.current() };
      });

      expect(seen).toEqual({ within: context, apart: null, after: context });
      expect(tracer.current()).toBeNull();
    });

    it('tells why something did not come about', async () => {
      tracer.start({ name: 'fell', parent: null }).end({ fault: { reason: 'nest.gone', message: 'No nest.' } });

      expect(await subject.finish()).toMatchObject([{ isFault: true, attributes: { 'error.type': 'nest.gone' } }]);
    });

    it('keeps a place for a span that is told of when it is over, after its parts', async () => {
      const planned = tracer.plan('brood', CALLER);
      tracer.start({ name: 'egg', parent: planned }).end();
      const startedAt = Date.UTC(2026, 0, 1);
      tracer.record(planned, {
        ...{ name: 'brood', attributes: { eggs: 1 }, startedAt, completedAt: startedAt + 5_000 },
        events: [{ name: 'cracked', at: startedAt + 1_000, attributes: { egg: 1 } }],
        fault: null,
      });

      const spans = await subject.finish();

      const [egg, brood] = ['egg', 'brood'].map((each) => spans.find((span) => span.name === each));
      expect(planned).toMatchObject({ traceId: CALLER.traceId, parentSpanId: CALLER.spanId, isSampled: true });
      expect(egg).toMatchObject({ traceId: CALLER.traceId, parentSpanId: planned.spanId });
      expect(brood).toMatchObject({
        ...{ traceId: CALLER.traceId, spanId: planned.spanId, parentSpanId: CALLER.spanId },
        ...{ startMs: startedAt, endMs: startedAt + 5_000, events: [{ name: 'cracked' }] },
      });
    });

    it('begins a trace with a planned span that is part of nothing', async () => {
      const planned = tracer.plan('brood', null);
      tracer.start({ name: 'egg', parent: planned }).end();
      const at = Date.UTC(2026, 0, 1);
      tracer.record(planned, {
        name: 'brood',
        attributes: {},
        startedAt: at,
        completedAt: at,
        events: [],
        fault: { reason: 'nest.gone', message: 'No nest.' },
      });

      const spans = await subject.finish();

      expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([planned.traceId]));
      expect(spans.find((span) => span.name === 'brood')).toMatchObject({ parentSpanId: '', isFault: true });
    });

    it('records nothing of a trace that its caller does not record', async () => {
      const caller = { ...CALLER, isSampled: false };
      const span = tracer.start({ name: 'asked', parent: caller });
      const planned = tracer.plan('brood', span.context);
      tracer.record(planned, {
        ...{ name: 'brood', attributes: {}, startedAt: 1, completedAt: 2, events: [], fault: null },
      });
      span.end();
      tracer.start({ name: 'other', parent: null }).end();

      expect(span.context).toMatchObject({ traceId: caller.traceId, isSampled: false });
      expect(planned.isSampled).toBe(false);
      expect((await subject.finish()).map(({ name: each }) => each)).toEqual(['other']);
      expect(tracer.counts()).toEqual({ exported: 1, lost: 0 });
    });

    it('may be told of an end twice', async () => {
      const span = tracer.start({ name: 'once', parent: null });
      span.end();
      span.end({ fault: { reason: 'late', message: 'Too late.' } });

      expect(await subject.finish()).toMatchObject([{ name: 'once', isFault: false }]);
    });
  });
}

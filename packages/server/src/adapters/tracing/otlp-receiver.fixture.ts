import { type Received, type Receiver, startReceiver, withStatus } from '../../lib/testing/http-receiver.ts';

type Value = string | number | boolean;

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first one of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly events: readonly { readonly name: string; readonly attributes: Readonly<Record<string, Value>> }[];
  /** 0: nothing is said; 2: error. */
  readonly status: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Of who sent it. */
  readonly resource: Readonly<Record<string, Value>>;
}

/** Where traces are posted to, on the loopback. */
export interface OtlpReceiver extends AsyncDisposable {
  /** `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly endpoint: string;
  readonly http: Receiver;
  /** All that came so far and was taken. Throws for what is not OTLP as JSON. */
  spans(): readonly ReceivedSpan[];
  /** Takes nothing any more, and answers with this status; null: it takes what comes. */
  refuseWith(status: number | null): void;
}

/** Reads posts as https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding has them, and nothing else. */
export async function startOtlpReceiver(port = 0): Promise<OtlpReceiver> {
  const http = await startReceiver(port);
  const taken: Received[] = [];
  const take: Receiver['answer'] = (response, received) => {
    taken.push(received);
    withStatus(200, { 'content-type': 'application/json' }, '{}')(response, received);
  };
  http.answer = take;
  return {
    endpoint: `http://127.0.0.1:${http.port}`,
    http,
    spans: () => taken.flatMap(spansOf),
    refuseWith(status) {
      http.answer = status === null ? take : withStatus(status);
    },
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  };
}

function spansOf({ path, headers, body }: Received): readonly ReceivedSpan[] {
  if (path !== '/v1/traces') throw new Error(`posted to ${path}`);
  if (headers['content-type'] !== 'application/json') throw new Error(`posted as ${headers['content-type']}`);
  return listAt(JSON.parse(body), 'resourceSpans').flatMap((group) => {
    const resource = attributesOf(objectAt(group, 'resource'));
    return listAt(group, 'scopeSpans')
      .flatMap((scope) => listAt(scope, 'spans'))
      .map((span) => readSpan(span, resource));
  });
}

function readSpan(span: unknown, resource: ReceivedSpan['resource']): ReceivedSpan {
  const parentSpanId = at(span, 'parentSpanId') ?? '';
  const status = at(at(span, 'status'), 'code') ?? 0;
  return {
    traceId: textAt(span, 'traceId', /^[0-9a-f]{32}$/),
    spanId: textAt(span, 'spanId', /^[0-9a-f]{16}$/),
    parentSpanId: parentSpanId === '' ? '' : textAt(span, 'parentSpanId', /^[0-9a-f]{16}$/),
    name: textAt(span, 'name', /./),
    kind: Number(at(span, 'kind')),
    attributes: attributesOf(span),
    events: listAt(span, 'events').map((event) => ({
      name: textAt(event, 'name', /./),
      attributes: attributesOf(event),
    })),
    status: Number(status),
    startMs: momentAt(span, 'startTimeUnixNano'),
    endMs: momentAt(span, 'endTimeUnixNano'),
    resource,
  };
}

function momentAt(span: unknown, key: string): number {
  return Math.round(Number(textAt(span, key, /^[0-9]+$/)) / 1e6);
}

function attributesOf(holder: unknown): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    listAt(holder, 'attributes').map((entry) => {
      const value = Object.entries(objectAt(entry, 'value'))[0]?.[1];
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw new Error(`an attribute is ${JSON.stringify(entry)}`);
      return [textAt(entry, 'key', /./), value];
    }),
  );
}

function at(holder: unknown, key: string): unknown {
  return typeof holder === 'object' && holder !== null ? Reflect.get(holder, key) : undefined;
}

function objectAt(holder: unknown, key: string): object {
  const value = at(holder, key);
  if (typeof value === 'object' && value !== null) return value;
  throw new Error(`there is no ${key} in ${JSON.stringify(holder)}`);
}

function listAt(holder: unknown, key: string): readonly unknown[] {
  const value = at(holder, key) ?? [];
  if (Array.isArray(value)) return value;
  throw new Error(`${key} is no list in ${JSON.stringify(holder)}`);
}

function textAt(holder: unknown, key: string, pattern: RegExp): string {
  const value = at(holder, key);
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new Error(`${key} is ${JSON.stringify(value)}`);
}

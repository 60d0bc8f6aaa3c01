import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { SpanContext } from '../domain/trace.ts';
import type { EngineDeps } from '../engine/deps.ts';
import { isWebSocket, onRequestEnd } from './request-ends.ts';

type Tracer = NonNullable<EngineDeps['tracer']>;

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where it is not traced. */
    span: ReturnType<Tracer['start']> | null;
  }
}

/**
 * Has each request be a span, from its head to the end of its answer or until its caller goes away, as part of the trace that it names in `traceparent`; what it brings about is part of that
 * span. Those that are not `isTraced`, such as probes, which are asked all the time, are none. To be called before all other hooks.
 */
export function traceRequests(app: FastifyInstance, tracer: Tracer, isTraced: (url: string) => boolean): void {
  app.decorateRequest('span', null);
  app.addHook('onRequest', (request, reply, done) => {
    if (!isTraced(request.url)) return done();
    const { method, routeOptions, id: requestId } = request;
    const route = templateOf(routeOptions.url);
    request.span = tracer.start({
      name: route === null ? method : `${method} ${route}`,
      kind: 'server',
      attributes: {
        'http.request.method': method,
        ...(route === null ? {} : { 'http.route': route }),
        'volary.request_id': requestId,
      },
      parent: readTraceparent(request.headers['traceparent']),
    });
    if (isWebSocket(request)) endWithConnection(request, reply, request.span);
    tracer.within(request.span.context, done);
  });
  // What has read the body does not know of what request that was.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.span === null) done();
    else tracer.within(request.span.context, done);
  });
  onRequestEnd(app, ({ span }, _reply, status) => {
    const fault = status < 500 ? null : { reason: String(status), message: `Answered with ${status}.` };
    span?.end({ attributes: { 'http.response.status_code': status }, fault });
  });
  app.addHook('onResponse', ({ span }, _reply, done) => {
    if (span === null) done();
    else tracer.within(span.context, done);
  });
}

/** A WebSocket has no answer that ends. One that is refused, or is none, has an answer: then nothing waits for the end of its connection any more. */
function endWithConnection({ raw }: FastifyRequest, reply: FastifyReply, span: ReturnType<Tracer['start']>): void {
  const { socket } = raw;
  const end = (): void => span.end({ attributes: { 'http.response.status_code': 101 } });
  socket.once('close', end);
  reply.raw.once('finish', () => socket.off('close', end));
}

/** As the contract has it: `/v1/vms/{ref}`; null where there is no route. */
export function templateOf(url: string | undefined): string | null {
  return url === undefined ? null : url.replaceAll(/:(\w+)/g, '{$1}');
}

/** The header as W3C Trace Context has it; null where it is not that, which is no reason to refuse a request. */
export function readTraceparent(header: string | readonly string[] | undefined): SpanContext | null {
  const found = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(String(header ?? ''));
  if (found === null) return null;
  const [, version, traceId = '', spanId = '', flags = '', more] = found;
  // Versions to come may have more at their end.
  const isKnown = version === '00' ? more === undefined : version !== 'ff';
  if (!isKnown || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

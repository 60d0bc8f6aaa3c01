import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Of a caller who went away before there was an answer; no HTTP status of anybody's, but what nginx and others write down. */
const GONE_STATUS = 499;

/**
 * Calls `told` once for each request, when its answer is over: whether it was sent, or its caller went away, of which Fastify's `onResponse` says nothing. Then
 * the status is that of the answer that had begun, such as a stream, or 499 where none had. A WebSocket has no answer: it is told of where it is refused.
 */
export function onRequestEnd(
  app: FastifyInstance,
  told: (request: FastifyRequest, reply: FastifyReply, status: number) => void,
): void {
  const ended = new WeakSet<FastifyRequest>();
  const end = (request: FastifyRequest, reply: FastifyReply, status: number): void => {
    if (ended.has(request)) return;
    ended.add(request);
    told(request, reply, status);
  };
  app.addHook('onRequest', (request, reply, done) => {
    const { raw } = reply;
    if (!isWebSocket(request))
      raw.once('close', () => end(request, reply, raw.headersSent ? raw.statusCode : GONE_STATUS));
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    end(request, reply, reply.statusCode);
    done();
  });
}

export function isWebSocket({ headers }: FastifyRequest): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

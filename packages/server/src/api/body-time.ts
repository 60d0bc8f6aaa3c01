import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../domain/errors.ts';

/**
 * Gives up a JSON body that does not arrive in time: a connection that never sends the rest would else be held for ever. For
 * routes whose bodies are streams the time is for each pause (request-bytes.ts), since those may last.
 */
export function limitBodyTime(app: FastifyInstance, { bodyMs }: { readonly bodyMs: number }): void {
  app.addHook('preParsing', ({ headers }, reply, payload, done) => {
    if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
      return done(null, payload);
    const timer = setTimeout(() => {
      reply.header('connection', 'close');
      payload.emit('error', bodyTimeout(bodyMs));
    }, bodyMs).unref();
    const stop = (): void => clearTimeout(timer);
    payload.once('end', stop);
    reply.raw.once('close', stop);
    payload.once('error', stop);
    done(null, payload);
  });
}

/** `request.timeout`: what was to come did not come in time. */
export function bodyTimeout(limitMs: number): VolaryError {
  return new VolaryError('deadline_exceeded', `The body did not arrive within ${limitMs / 1000} s.`, {
    reason: 'request.timeout',
    details: { timeout_ms: limitMs },
  });
}

import type { FastifyInstance, FastifyRequest } from 'fastify';
import { NOBODY, type Principal } from '../domain/principal/principal.ts';
import type { AuthenticateRequest } from './auth/authenticate-requests.ts';
import { callerOf } from './caller.ts';
import { type Face, type FaceContext, pathBelow } from './face.ts';
import { toApiError } from './problem-reply.ts';
import { countRequest } from './rate-limit.ts';
import { clientGone } from './request-signals.ts';

/**
 * Has each request of the face know who asks, and count against what that caller may ask: one that is refused for who sends it
 * counts as well, or keys could be guessed.
 */
export function identifyCallers(
  app: FastifyInstance,
  face: Pick<Face, 'name' | 'isCounted'>,
  context: Pick<FaceContext, 'engine' | 'upgrades' | 'prefix'>,
  authenticate: AuthenticateRequest,
): void {
  app.addHook('onRequest', (request, reply, done) => {
    const count = (fault: Error | null): void => {
      const principal = request.principal === NOBODY ? null : request.principal;
      // By the route that was found, however its path was written.
      if (face.isCounted(pathBelow(context.prefix, request.routeOptions.url ?? request.url)))
        countRequest(context.engine, face.name, { request, reply, principal, fault }, done);
      else done(fault ?? undefined);
    };
    const identified = identify(request, context, authenticate);
    // Most are known: a promise less for each of their requests.
    if (identified instanceof Promise) identified.then(count, done);
    else count(identified);
  });
}

/** Gives the app what routes that may last ask for: to be counted, and to end when their caller is not let in any more. */
export function boundStreams(app: FastifyInstance, { engine, upgrades, occupancy: { streams } }: FaceContext): void {
  app.decorate('countStream', (request, reply) => {
    const { principal, origin, raw } = request;
    // A socket lasts longer than its request.
    const stream = upgrades.of(raw)?.socket ?? reply.raw;
    // What has closed while it was asked who asks would be counted for ever.
    if (stream.destroyed) throw clientGone();
    streams.enter(callerOf(principal, origin.address), stream);
  });
  app.decorate('endWithCredential', ({ principal, raw }, reply) => {
    const stream = upgrades.of(raw)?.socket ?? reply.raw;
    if (stream.destroyed) return;
    // Broken off, so that nobody takes it for complete; whoever comes again is told why.
    const unwatch = engine.watchPrincipal(principal, () => raw.socket.destroy());
    stream.once('close', unwatch);
  });
}

/** Says who asks. What is wrong with that is returned: a request is counted before it is refused. */
function identify(
  request: FastifyRequest,
  { upgrades }: Pick<FaceContext, 'upgrades'>,
  authenticate: AuthenticateRequest,
): Error | null | Promise<Error | null> {
  const welcome = (principal: Principal): null => {
    request.principal = principal;
    return null;
  };
  welcome(NOBODY);
  if (request.routeOptions.config.permission === 'none') return null;
  try {
    const found = authenticate(request, upgrades.of(request.raw) !== null);
    return found instanceof Promise ? found.then(welcome, toApiError) : welcome(found);
  } catch (error) {
    return toApiError(error);
  }
}

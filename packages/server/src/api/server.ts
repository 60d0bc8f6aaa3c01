import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Principal } from '../domain/principal/principal.ts';
import type { EngineDeps } from '../engine/deps.ts';
import type { Engine } from '../engine/engine.ts';
import { LOOPBACK } from '../lib/ip-address.ts';
import { answerBrokenRequest } from './broken-request.ts';
import { createClientAddresses, type TrustedProxies } from './client-address.ts';
import { closeInTime } from './close-in-time.ts';
import { allowOrigins } from './cors.ts';
import { type Build, faceAt, hasSockets, type Installation, isCounted, type MountedFace, pathBelow } from './face.ts';
import { ALL_FACES } from './faces.ts';
import { API_DEFAULTS, type ApiLimits } from './limits.ts';
import { type ApiTls, createListener } from './listener.ts';
import { createOccupancy, type Occupancy } from './occupancy.ts';
import { noteOrigins, originOf } from './origin.ts';
import { countRequest } from './rate-limit.ts';
import { createUpgrades } from './realtime/upgrades.ts';
import { onRequestEnd } from './request-ends.ts';
import { createRequestSignals, stopping } from './request-signals.ts';
import { tellSecureHeaders } from './secure-headers.ts';
import { templateOf, traceRequests } from './trace-requests.ts';
import { unknownRoute } from './unknown-route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set before the body is read; nobody, without rights, on routes that need no credentials. */
    principal: Principal;
  }
  interface FastifyInstance {
    installation: Installation;
  }
}

export interface ApiDeps {
  readonly engine: Engine;
  readonly log: EngineDeps['log'];
  readonly ids: EngineDeps['ids'];
  /** Default: nothing is traced. */
  readonly tracer?: EngineDeps['tracer'];
  /** Of the server, as `/v1/capabilities` and the OpenAPI document show it. */
  readonly version: string;
  readonly build: Build;
  readonly limits?: Partial<ApiLimits>;
  /** Shared by the listeners of one server. Default: its own. */
  readonly occupancy?: Occupancy;
  /** Origins whose pages may read answers and open sockets, besides this server's own address. Default: none. */
  readonly allowedOrigins?: readonly string[];
  /** Who is believed about whom they speak for. Default: nobody. */
  readonly proxies?: TrustedProxies;
  /** Whether a header alone says who asks, where a dialect has one for that. Default: from this machine only. */
  readonly devAuth?: boolean;
  /** Whether this machine needs no key, where a dialect is open to it. Default: where one is, it needs none. */
  readonly isLoopbackOpen?: boolean;
  /** What the server says of itself. Default: as little as there is to say. */
  readonly installation?: Installation;
  /** Absent: plain HTTP. */
  readonly tls?: ApiTls | null;
}

/**
 * The HTTP server with these faces, not yet listening. `close()` ends what waits and what streams, lets the other answers
 * get through, and resolves when the last connection is closed.
 */
export function createApi(deps: ApiDeps, faces: readonly MountedFace[] = ALL_FACES): FastifyInstance {
  const { engine, ids, log, version, allowedOrigins = [], proxies = NO_PROXIES, tls = null, tracer = null } = deps;
  const limits = { ...API_DEFAULTS, ...deps.limits };
  const occupancy = deps.occupancy ?? createOccupancy(limits);
  const signals = createRequestSignals();
  const upgrades = createUpgrades((url) => hasSockets(faces, url));
  const isTls = tls !== null;
  const addresses = createClientAddresses(proxies);

  function faceOf({ url }: FastifyRequest): MountedFace {
    const mounted = faceAt(faces, pathBelow('', url));
    if (mounted === null) throw new Error('A listener has a face at its root.');
    return mounted;
  }

  /** Answers what comes to no route. Nobody was asked who it is; what is asked for counts all the same. */
  function refuse(fault: Error, request: FastifyRequest, reply: FastifyReply): void {
    const { face } = faceOf(request);
    const answer = (error: unknown): void => void face.refuse(error, request, reply, log);
    if (isCounted(faces, request.url))
      countRequest(engine, face.name, { request, reply, principal: null, fault }, answer);
    else answer(fault);
  }

  const app = Fastify({
    logger: false,
    serverFactory: (handler) => {
      const crowded = [...proxies.ranges, ...LOOPBACK];
      return createListener(handler, { tls, limits, connections: occupancy.connections, upgrades, crowded, log });
    },
    bodyLimit: limits.jsonBytes,
    genReqId: () => ids.create('req'),
    requestIdHeader: false,
    // While it stops it answers in its own words, below.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 16_384 },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket, { ids, log }),
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id);
      tellSecureHeaders(request, reply, isTls);
      request.origin = originOf(request, addresses);
      refuse(error, request, reply);
    },
  });

  const installation = deps.installation ?? NO_INSTALLATION;
  app.decorateRequest('principal');
  app.decorate('installation', installation);
  if (tracer !== null) traceRequests(app, tracer, (url) => isCounted(faces, url));
  noteOrigins(app, addresses);
  // Hooks call back instead of being async: a promise less for each request.
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    tellSecureHeaders(request, reply, isTls);
    done(signals.isStopping ? stopping() : undefined);
  });
  allowOrigins(app, allowedOrigins);
  onRequestEnd(app, (request, { elapsedTime: durationMs }, status) => {
    const { method, routeOptions, id: requestId } = request;
    const route = templateOf(routeOptions.url);
    engine.monitoring.noteRequest({ method, route, status, durationMs });
    log.debug('request answered', { requestId, method, route, status, durationMs });
  });
  closeInTime(app, signals, limits.stopMs);
  app.setErrorHandler((error, request, reply) => faceOf(request).face.refuse(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => {
    refuse(unknownRoute(faceOf(request), request, reply), request, reply);
    return reply;
  });
  upgrades.listen(app);
  const { devAuth = false, isLoopbackOpen = true } = deps;
  const identities = { devAuth, isLoopbackOpen, trustsProxies: proxies.ranges.length > 0 };
  const { build } = deps;
  const context = {
    engine,
    log,
    limits,
    signals,
    occupancy,
    version,
    build,
    upgrades,
    allowedOrigins,
    identities,
    installation,
  };
  for (const { face, prefix } of faces) app.register((own) => face.mount(own, { ...context, prefix }), { prefix });
  return app;
}

const NO_INSTALLATION: Installation = { supportUrl: '/docs/errors#internal', region: 'local' };
const NO_PROXIES: TrustedProxies = { ranges: [], header: 'x-forwarded-for' };

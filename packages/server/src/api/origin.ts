import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ClientAddresses } from './client-address.ts';

/** From where a request came: for limits, for who asks, and for what is written down of it. */
export interface Origin {
  /** Of the caller, also behind trusted proxies; null for a connection that is gone already. */
  readonly address: string | null;
  readonly requestId: string;
  /** True when a trusted proxy has passed it on: only then do headers say for whom. */
  readonly isProxied: boolean;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before anything else. */
    origin: Origin;
  }
}

/** Has each request of the app know where it came from: to be called before all that asks for it. */
export function noteOrigins(app: FastifyInstance, addresses: ClientAddresses): void {
  app.decorateRequest('origin');
  app.addHook('onRequest', (request, _reply, done) => {
    request.origin = originOf(request, addresses);
    done();
  });
}

/** The same for a request that comes by no hook, since it cannot be understood. */
export function originOf({ raw, id: requestId }: FastifyRequest, addresses: ClientAddresses): Origin {
  return { address: addresses.of(raw), requestId, isProxied: addresses.isProxied(raw) };
}

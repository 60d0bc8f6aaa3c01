import type { Principal } from '../../domain/principal/principal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks. Set before the body is read; nobody without permissions on routes that need no key. */
    principal: Principal;
  }
}

/** Nobody: on routes that need no key. */
export const NOBODY: Principal = { kind: 'admin', name: 'nobody', permissions: [] };

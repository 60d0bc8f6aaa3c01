import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../../../domain/errors.ts';
import { credentialsOf } from '../../auth/credentials.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import type { VersionRoutes } from './routes.ts';

/** Logging in, and going on. The refresh token stays the same here: the clients of this document keep it. */
export function mountAuth(app: FastifyInstance, routes: VersionRoutes, { engine: { auth } }: FaceContext): void {
  mount(app, routes.login, async ({ body, origin, headers }, reply) => {
    const { address, requestId } = origin;
    const client = { address, requestId, userAgent: headers['user-agent'] ?? '' };
    const { user, permissions, ...login } = await auth.logIn(client, {
      ...{ by: 'email', account: body.email, password: body.password },
      ...{ mfaCode: body.mfa_code ?? null, rotates: false },
    });
    return await reply.header('cache-control', 'no-store').send({
      token: login.accessToken,
      refresh_token: login.refreshToken,
      expires_in: login.expiresInSeconds,
      user: { id: user.id, email: user.email ?? '', role: user.roles[0] ?? '', permissions: [...permissions] },
    });
  });

  mount(app, routes.refresh, async ({ headers, origin }, reply) => {
    const presented = credentialsOf(headers, false);
    if (presented?.kind !== 'bearer') {
      throw new VolaryError('unauthenticated', 'Send the refresh token: Authorization: Bearer TOKEN.', {
        reason: 'auth.key_missing',
      });
    }
    const { accessToken, refreshToken, expiresInSeconds, session } = await auth.refresh(presented.value, origin);
    return await reply.header('cache-control', 'no-store').send({
      token: accessToken,
      expires_in: expiresInSeconds,
      // A login of /v1: the one that was sent is good no more.
      ...(session.rotates ? { refresh_token: refreshToken } : {}),
    });
  });
}

import { type LoginRequest as LoginBody, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { LoginRequest } from '../../engine/apis/auth-api.ts';
import { mount } from '../mount.ts';
import { invalidFields } from '../validation.ts';
import type { V1Context } from './context.ts';
import { toLoginDto, toSessionDto } from './dto/session-dto.ts';
import { cursorParam, idParam } from './parse-param.ts';

/** A new key is shown an hour before it signs: a copy of this age is never too old. */
const KEYS_MAX_AGE = 'public, max-age=900';

/** Logging in, going on, logging out; and the keys by which others verify tokens. */
export function mountLogins(app: FastifyInstance, { engine: { auth } }: V1Context): void {
  mount(app, routes.login, async (request) => {
    const { address, requestId } = request.origin;
    const client = { address, requestId, userAgent: request.headers['user-agent'] ?? '' };
    return toLoginDto(await auth.logIn(client, toLoginRequest(request.body)));
  });

  mount(app, routes.refreshLogin, async ({ body, origin }) =>
    toLoginDto(await auth.refresh(body.refresh_token, origin)),
  );

  mount(app, routes.logout, async (request, reply) => {
    await auth.logOut(request.principal);
    return await reply.code(204).send();
  });

  mount(app, routes.listSessions, async (request) => {
    const { limit = 50, cursor, user: owner = null } = request.query;
    const page = await auth.listSessions(request.principal, { limit, after: cursorParam('sess', cursor), owner });
    return { items: page.items.map(toSessionDto), next_cursor: page.next };
  });

  mount(app, routes.deleteSession, async (request, reply) => {
    await auth.revokeSession(request.principal, idParam('sess', 'id', request.params.id));
    return await reply.code(204).send();
  });

  mount(app, routes.getPublicKeys, async (_request, reply) => {
    const keys = await auth.publicKeys();
    return await reply.header('cache-control', KEYS_MAX_AGE).send(keys);
  });
}

/** The own password, and the second factor. */
export function mountOwnSecrets(app: FastifyInstance, { engine: { auth } }: V1Context): void {
  mount(app, routes.changePassword, async ({ principal, body }, reply) => {
    const change = { currentPassword: body.current_password, newPassword: body.new_password };
    await auth.changePassword(principal, change);
    return await reply.code(204).send();
  });

  mount(app, routes.enrolMfa, async ({ principal }) => {
    const { secret, uri, qrSvg, qrText } = await auth.enrolMfa(principal);
    return { secret, uri, qr_svg: qrSvg, qr_text: qrText };
  });

  mount(app, routes.confirmMfa, async ({ principal, body }) => ({
    recovery_codes: await auth.confirmMfa(principal, body.code),
  }));

  mount(app, routes.disableMfa, async ({ principal, body }, reply) => {
    await auth.disableMfa(principal, { code: body.code ?? null, user: body.user ?? null });
    return await reply.code(204).send();
  });

  mount(app, routes.renewRecoveryCodes, async ({ principal, body }) => ({
    recovery_codes: await auth.renewRecoveryCodes(principal, body.code),
  }));
}

function toLoginRequest({ email, name, password, mfa_code: mfaCode, rotate = true }: LoginBody): LoginRequest {
  const rest = { password, mfaCode: mfaCode ?? null, rotates: rotate };
  if (email !== undefined && name === undefined) return { by: 'email', account: email, ...rest };
  if (name !== undefined && email === undefined) return { by: 'name', account: name, ...rest };
  throw invalidFields([{ field: '', message: 'must have exactly one of email and name' }]);
}

import { Type } from 'typebox';
import {
  ChangePasswordRequest,
  DisableMfaRequest,
  JsonWebKeySet,
  Login,
  LoginRequest,
  MfaCodeRequest,
  MfaEnrolment,
  RecoveryCodes,
  RefreshRequest,
  SessionPage,
} from '../auth.ts';
import { Limit, SessionParams } from '../parameters.ts';
import { json, jsonBody, type RouteHeader, route } from '../route.ts';
import { object } from '../schema.ts';
import { UserName } from '../users.ts';
import { EmptyRequest } from '../vms.ts';

const NO_STORE: RouteHeader = {
  name: 'Cache-Control',
  description: 'It tells what nobody else may know.',
  example: 'no-store',
};
const TOO_MANY = ['auth.too_many_attempts', 'auth.too_many_logins'] as const;
const NOT_BY_KEY = 'Needs the token of a login: a key may not do it, besides the administrator’s own.';

export const login = route({
  method: 'POST',
  path: '/v1/auth/login',
  operationId: 'login',
  tag: 'auth',
  summary: 'Log in with a password',
  description:
    'An unknown user, a wrong password and a disabled user are answered alike, in the same time. With the right password, a user who has a second factor is asked for `mfa_code` (`auth.mfa_required`). Wrong attempts are slowed down.',
  permission: 'none',
  action: 'session.create',
  body: jsonBody(LoginRequest, { isRequired: true }),
  responses: { 200: { description: 'A session.', content: [json(Login)], headers: [NO_STORE] } },
  errors: {
    401: ['auth.invalid_login', 'auth.mfa_required', 'auth.mfa_invalid'],
    429: TOO_MANY,
    503: ['auth.no_key'],
  },
});

export const refreshLogin = route({
  method: 'POST',
  path: '/v1/auth/refresh',
  operationId: 'refreshLogin',
  tag: 'auth',
  summary: 'Get new tokens by a refresh token',
  description:
    'A refresh token is good once, and the answer has the next one. One that comes a second time was copied: the session is ended, for whoever came first as well.',
  permission: 'none',
  action: 'session.refresh',
  body: jsonBody(RefreshRequest, { isRequired: true }),
  responses: { 200: { description: 'The next tokens.', content: [json(Login)], headers: [NO_STORE] } },
  errors: {
    401: ['auth.token_expired', 'auth.token_invalid', 'auth.session_ended', 'auth.refresh_reused'],
    503: ['auth.no_key'],
  },
});

export const logout = route({
  method: 'POST',
  path: '/v1/auth/logout',
  operationId: 'logout',
  tag: 'auth',
  summary: 'End the session that this request belongs to',
  description: 'Its tokens are good for nothing from then on.',
  permission: 'authenticated',
  action: 'session.delete',
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: { 204: { description: 'Ended.', content: [] } },
  errors: { 409: ['auth.no_session'] },
});

export const listSessions = route({
  method: 'GET',
  path: '/v1/auth/sessions',
  operationId: 'listSessions',
  tag: 'auth',
  summary: 'List sessions that last, in the order they were begun',
  permission: 'session:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^sess_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      user: Type.Optional(UserName),
    },
    { description: 'Which ones.' },
  ),
  responses: { 200: { description: 'A page: all that the caller may see.', content: [json(SessionPage)] } },
  errors: {},
});

export const deleteSession = route({
  method: 'DELETE',
  path: '/v1/auth/sessions/{id}',
  operationId: 'deleteSession',
  tag: 'auth',
  summary: 'End a session',
  description: 'Its tokens are good for nothing from then on.',
  permission: 'session:delete',
  action: 'session.delete',
  params: SessionParams,
  responses: { 204: { description: 'Ended.', content: [] } },
  errors: { 404: ['auth.unknown_session'] },
});

export const changePassword = route({
  method: 'POST',
  path: '/v1/auth/password',
  operationId: 'changePassword',
  tag: 'auth',
  summary: 'Change the own password',
  description: `Ends all other sessions of the user. ${NOT_BY_KEY}`,
  permission: 'authenticated',
  action: 'user.set-password',
  body: jsonBody(ChangePasswordRequest, { isRequired: true }),
  responses: { 204: { description: 'Changed.', content: [] } },
  errors: {
    400: ['user.weak_password'],
    403: ['auth.wrong_password', 'auth.login_needed'],
    429: TOO_MANY,
  },
});

export const enrolMfa = route({
  method: 'POST',
  path: '/v1/auth/mfa',
  operationId: 'enrolMfa',
  tag: 'auth',
  summary: 'Begin to use a second factor',
  description: `It counts when a code of it was confirmed. ${NOT_BY_KEY}`,
  permission: 'authenticated',
  action: 'user.enrol-mfa',
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: { 200: { description: 'For an authenticator.', content: [json(MfaEnrolment)], headers: [NO_STORE] } },
  errors: { 403: ['auth.login_needed'], 409: ['auth.mfa_enabled'] },
});

export const confirmMfa = route({
  method: 'POST',
  path: '/v1/auth/mfa/confirm',
  operationId: 'confirmMfa',
  tag: 'auth',
  summary: 'Switch the second factor on, by a first code of it',
  description: NOT_BY_KEY,
  permission: 'authenticated',
  action: 'user.confirm-mfa',
  body: jsonBody(MfaCodeRequest, { isRequired: true }),
  responses: {
    200: { description: 'On; with recovery codes.', content: [json(RecoveryCodes)], headers: [NO_STORE] },
  },
  errors: {
    400: ['auth.wrong_code'],
    403: ['auth.login_needed'],
    409: ['auth.mfa_enabled', 'auth.mfa_not_enrolled'],
    429: TOO_MANY,
  },
});

export const disableMfa = route({
  method: 'DELETE',
  path: '/v1/auth/mfa',
  operationId: 'disableMfa',
  tag: 'auth',
  summary: 'Switch the second factor off',
  description: `The own one with a code; that of another with the permission \`user:update\`. ${NOT_BY_KEY}`,
  permission: 'authenticated',
  action: 'user.disable-mfa',
  body: jsonBody(DisableMfaRequest, { isRequired: false }),
  responses: { 204: { description: 'Off.', content: [] } },
  errors: {
    400: ['auth.wrong_code'],
    403: ['auth.login_needed', 'access.outranked'],
    404: ['user.unknown'],
    409: ['auth.mfa_not_enabled'],
    429: TOO_MANY,
  },
});

export const renewRecoveryCodes = route({
  method: 'POST',
  path: '/v1/auth/mfa/recovery-codes',
  operationId: 'renewRecoveryCodes',
  tag: 'auth',
  summary: 'Get new recovery codes, which replace all earlier ones',
  description: NOT_BY_KEY,
  permission: 'authenticated',
  action: 'user.make-recovery-codes',
  body: jsonBody(MfaCodeRequest, { isRequired: true }),
  responses: { 200: { description: 'The new ones.', content: [json(RecoveryCodes)], headers: [NO_STORE] } },
  errors: {
    400: ['auth.wrong_code'],
    403: ['auth.login_needed'],
    409: ['auth.mfa_not_enabled'],
    429: TOO_MANY,
  },
});

export const getPublicKeys = route({
  method: 'GET',
  path: '/.well-known/jwks.json',
  operationId: 'getPublicKeys',
  tag: 'auth',
  summary: 'The keys that access tokens can be verified by',
  permission: 'none',
  responses: {
    200: {
      description: 'Public keys. A new one is here an hour before it signs.',
      content: [json(JsonWebKeySet)],
      headers: [
        { name: 'Cache-Control', description: 'For how long they may be kept.', example: 'public, max-age=900' },
      ],
    },
  },
  errors: { 503: ['auth.no_key'] },
});

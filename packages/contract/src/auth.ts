import { type Static, Type } from 'typebox';
import { EXAMPLE_IDS, SessionId } from './ids.ts';
import { LIMITS } from './limits.ts';
import { component, nullableString, pageOf, timestamp } from './schema.ts';
import { EXAMPLE_USER, User, UserName } from './users.ts';

const { passwordLength, codeLength, tokenLength, accountLength } = LIMITS.auth;

const Password = Type.String({
  minLength: 1,
  maxLength: passwordLength,
  description: 'The password, as it was set.',
  examples: ['correct-horse-battery'],
});
const Code = Type.String({
  minLength: 1,
  maxLength: codeLength,
  description: 'Six digits that the authenticator shows, or a recovery code.',
  examples: ['492039'],
});
const RefreshToken = Type.String({
  minLength: 1,
  maxLength: tokenLength,
  description: 'Gets the next tokens. Good once, unless the login said otherwise.',
  examples: ['eyJhbGciOiJSUzI1NiIsInR5cCI6InJ0K2p3dCJ9.eyJzdWIiOiJ1c3JfMDEifQ.c2lnbmF0dXJl'],
});

export const LoginRequest = component(
  'LoginRequest',
  {
    email: Type.Optional(
      Type.String({ minLength: 1, maxLength: accountLength, description: 'The e-mail address of the user.' }),
    ),
    name: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: accountLength,
        description: 'The name of the user, instead of the address.',
      }),
    ),
    password: Password,
    mfa_code: Type.Optional(Code),
    rotate: Type.Optional(
      Type.Boolean({
        default: true,
        description: '`false`: the refresh token stays the same, for a client that cannot take a new one each time.',
      }),
    ),
  },
  {
    description: 'Who somebody is, and what proves it: either `email` or `name`.',
    examples: [{ email: 'ann@example.com', password: 'correct-horse-battery', mfa_code: '492039' }],
  },
);
export type LoginRequest = Static<typeof LoginRequest>;

export const RefreshRequest = component(
  'RefreshRequest',
  { refresh_token: RefreshToken },
  { description: 'What a login or the last refresh gave.', examples: [{ refresh_token: 'eyJhbGciOi.eyJzdWIi.c2ln' }] },
);
export type RefreshRequest = Static<typeof RefreshRequest>;

export const Login = component(
  'Login',
  {
    access_token: Type.String({
      description: 'Goes with each request as `Authorization: Bearer TOKEN`; a JSON Web Token by RS256, type `at+jwt`.',
    }),
    token_type: Type.Unsafe<'Bearer'>({ type: 'string', enum: ['Bearer'], description: 'How it goes with a request.' }),
    refresh_token: RefreshToken,
    expires_in: Type.Integer({ minimum: 0, description: 'How long the access token is good, seconds.' }),
    session_id: SessionId,
    user: User,
  },
  {
    description: 'A session, and its tokens.',
    examples: [
      {
        access_token: 'eyJhbGciOi.eyJzdWIi.c2ln',
        token_type: 'Bearer',
        refresh_token: 'eyJhbGciOi.eyJzdWIi.c2ln',
        expires_in: 3600,
        session_id: EXAMPLE_IDS.session,
        user: EXAMPLE_USER,
      },
    ],
  },
);
export type Login = Static<typeof Login>;

const EXAMPLE_SESSION = {
  id: EXAMPLE_IDS.session,
  owner: 'ann',
  is_current: true,
  rotates: true,
  user_agent: 'volary/0.1.0',
  address: '192.0.2.7',
  created_at: '2026-01-31T12:00:00.000Z',
  last_used_at: '2026-01-31T12:00:00.000Z',
  expires_at: '2026-02-07T12:00:00.000Z',
};

export const Session = component(
  'Session',
  {
    id: SessionId,
    owner: UserName,
    is_current: Type.Boolean({ description: 'It is the one that this request belongs to.' }),
    rotates: Type.Boolean({ description: 'Each of its refresh tokens is good once.' }),
    user_agent: Type.String({ description: 'What the client called itself at login; may be empty.' }),
    address: nullableString({ description: 'Where the client was at login; null when that is not known.' }),
    created_at: timestamp('When somebody logged in.'),
    last_used_at: timestamp('When it was last refreshed, or begun.'),
    expires_at: timestamp('When it ends, unless it is refreshed before.'),
  },
  { description: 'What a login has begun, as long as it lasts.', examples: [EXAMPLE_SESSION] },
);
export type Session = Static<typeof Session>;

export const SessionPage = pageOf('SessionPage', Session, EXAMPLE_SESSION);
export type SessionPage = Static<typeof SessionPage>;

export const ChangePasswordRequest = component(
  'ChangePasswordRequest',
  { current_password: Password, new_password: { ...Password, description: 'At least 12 characters.' } },
  {
    description: 'A new password for the caller.',
    examples: [{ current_password: 'correct-horse-battery', new_password: 'staple-battery-horse' }],
  },
);
export type ChangePasswordRequest = Static<typeof ChangePasswordRequest>;

export const MfaEnrolment = component(
  'MfaEnrolment',
  {
    secret: Type.String({ description: 'In base32, to be typed into an authenticator.' }),
    uri: Type.String({ description: 'The same as `otpauth://totp/…`, which authenticators read.' }),
    qr_svg: Type.String({ description: 'The URI as a QR code: an SVG image.' }),
    qr_text: Type.String({ description: 'The URI as a QR code: lines of text for a terminal.' }),
  },
  {
    description: 'A second factor to be confirmed. Told this once.',
    examples: [
      {
        secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
        uri: 'otpauth://totp/Volary:ann?issuer=Volary&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
        qr_svg: '<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        qr_text: '█▀▀▀▀▀█',
      },
    ],
  },
);
export type MfaEnrolment = Static<typeof MfaEnrolment>;

export const MfaCodeRequest = component(
  'MfaCodeRequest',
  { code: Code },
  { description: 'What an authenticator shows now.', examples: [{ code: '492039' }] },
);
export type MfaCodeRequest = Static<typeof MfaCodeRequest>;

export const DisableMfaRequest = component(
  'DisableMfaRequest',
  { code: Type.Optional(Code), user: Type.Optional(UserName) },
  {
    description: 'A code for the own second factor; or `user`, to switch off that of another.',
    examples: [{ code: '492039' }],
  },
);
export type DisableMfaRequest = Static<typeof DisableMfaRequest>;

export const RecoveryCodes = component(
  'RecoveryCodes',
  {
    recovery_codes: Type.Array(Type.String({ description: 'Good once.', examples: ['k3vq-7m2a-xw5d-p6yt'] }), {
      description: 'Each replaces a one-time code, once. They are shown only this once, and replace earlier ones.',
    }),
  },
  { description: 'For when the authenticator is lost.', examples: [{ recovery_codes: ['k3vq-7m2a-xw5d-p6yt'] }] },
);
export type RecoveryCodes = Static<typeof RecoveryCodes>;

export const JsonWebKeySet = component(
  'JsonWebKeySet',
  {
    keys: Type.Array(
      component(
        'JsonWebKey',
        {
          kty: Type.String({ description: 'Always `RSA`.' }),
          n: Type.String({ description: 'The modulus, base64url.' }),
          e: Type.String({ description: 'The exponent, base64url.' }),
          alg: Type.String({ description: 'Always `RS256`.' }),
          use: Type.String({ description: 'Always `sig`.' }),
          kid: Type.String({ description: 'By which the header of a token names it: its thumbprint (RFC 7638).' }),
        },
        {
          description: 'A public key (RFC 7517).',
          examples: [{ kty: 'RSA', n: 'u1SU1LfVLPHCozMxH2Mo', e: 'AQAB', alg: 'RS256', use: 'sig', kid: 'vL8s0' }],
        },
      ),
      { description: 'Those by which tokens are valid now, and the next one ahead of its time.' },
    ),
  },
  {
    description: 'The keys that access tokens can be verified by (RFC 7517).',
    examples: [
      { keys: [{ kty: 'RSA', n: 'u1SU1LfVLPHCozMxH2Mo', e: 'AQAB', alg: 'RS256', use: 'sig', kid: 'vL8s0' }] },
    ],
  },
);
export type JsonWebKeySet = Static<typeof JsonWebKeySet>;

import { component, enumComponent, jsonObject, object } from '@volary/contract';
import { Type } from 'typebox';

/** What is documented of all that is answered with an error, and of who asks. */
export const moment = (description: string) =>
  Type.String({ format: 'date-time', description, examples: ['2025-01-30T15:35:00Z'] });

export const LoginRequest = component(
  'LoginRequest',
  {
    email: Type.String({ minLength: 1, maxLength: 320, description: 'Of the account.' }),
    password: Type.String({ minLength: 1, maxLength: 1_024, description: 'Of the account.' }),
    mfa_code: Type.Optional(Type.String({ maxLength: 64, description: 'Where a second factor is enabled.' })),
  },
  {
    description: 'Who wants to log in.',
    examples: [{ email: 'admin@example.com', password: 'SecurePassword123!', mfa_code: '123456' }],
  },
);

const USER = {
  id: 'usr_01kahx6z4qf8r9y6m3s2t1v0wq',
  email: 'admin@example.com',
  role: 'admin',
  permissions: ['vm:*', 'network:*', 'volume:*'],
};

const User = component(
  'User',
  {
    id: Type.String({ description: 'Of the account.' }),
    email: Type.String({ description: 'By which it logs in.' }),
    role: Type.String({ description: 'The first of its roles; empty where it has none.' }),
    permissions: Type.Array(Type.String(), { description: 'What all its roles allow, with `*` for everything.' }),
  },
  { description: 'An account.', examples: [USER] },
);

export const Login = component(
  'Login',
  {
    token: Type.String({ description: 'A JSON Web Token (RS256), for requests.' }),
    refresh_token: Type.String({
      description: 'Another, for new tokens alone. It stays the same until the login ends.',
    }),
    expires_in: Type.Integer({ description: 'Until the token is over, seconds.' }),
    user: User,
  },
  {
    description: 'A login.',
    examples: [
      { token: 'eyJhbGciOiJSUzI1NiIs...', refresh_token: 'eyJhbGciOiJSUzI1NiIs...', expires_in: 3_600, user: USER },
    ],
  },
);

export const Refreshed = component(
  'Refreshed',
  {
    token: Type.String({ description: 'The next one.' }),
    expires_in: Type.Integer({ description: 'Until it is over, seconds.' }),
    refresh_token: Type.Optional(
      Type.String({ description: 'The next one, of a login of `/v1` whose refresh tokens are good once.' }),
    ),
  },
  { description: 'A token.', examples: [{ token: 'eyJhbGciOiJSUzI1NiIs...', expires_in: 3_600 }] },
);

export const Keys = jsonObject({ description: 'A JSON Web Key Set.', examples: [{ keys: [] }] });
export const OpenApi = jsonObject({ description: 'An OpenAPI document.', examples: [{ openapi: '3.1.0' }] });

const FaultDetail = component(
  'FaultDetail',
  {
    field: Type.String({ description: 'Where; empty: the request as a whole.' }),
    message: Type.String({ description: 'What is wrong with it.' }),
  },
  {
    description: 'One thing that is wrong.',
    examples: [{ field: 'resources.cpu', message: 'CPU count must be between 1 and 64' }],
  },
);

export const FAULT_CODES = [
  'INVALID_REQUEST',
  'UNAUTHORIZED',
  'MFA_REQUIRED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'CONFLICT',
  'INSUFFICIENT_RESOURCES',
  'UNSUPPORTED',
  'RATE_LIMITED',
  'INTERNAL_ERROR',
  'UNAVAILABLE',
  'TIMEOUT',
] as const;
const FaultCode = enumComponent('FaultCode', FAULT_CODES, 'For programs.');

export const Fault = component(
  'Error',
  {
    error: object(
      {
        code: FaultCode,
        message: Type.String({ description: 'For people.' }),
        details: Type.Optional(Type.Array(FaultDetail, { description: 'Of a request that is not as it should be.' })),
        required_permission: Type.Optional(Type.String({ description: 'Which is lacking.' })),
        resource: Type.Optional(Type.String({ description: 'What was asked for.' })),
        retry_after: Type.Optional(Type.Integer({ description: 'When to ask again, seconds.' })),
        limit: Type.Optional(Type.String({ description: 'What was exceeded.' })),
        request_id: Type.Optional(Type.String({ description: 'By which the log of the server knows it.' })),
        support_url: Type.Optional(Type.String({ description: 'Where help is.' })),
      },
      { description: 'What went wrong.' },
    ),
  },
  {
    description: 'What went wrong.',
    examples: [{ error: { code: 'NOT_FOUND', message: 'VM not found', resource: 'vm_xyz789' } }],
  },
);

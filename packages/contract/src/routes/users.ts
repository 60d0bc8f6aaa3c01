import { Type } from 'typebox';
import { LabelSelector, Limit, UserRefParams } from '../parameters.ts';
import { etagOf, json, jsonBody, LOCATION, route } from '../route.ts';
import { object } from '../schema.ts';
import {
  CreateUserRequest,
  Me,
  SetPasswordRequest,
  UpdateProfileRequest,
  UpdateUserRequest,
  User,
  UserDetails,
  UserPage,
  UserState,
} from '../users.ts';

const { ETAG, IF_MATCH } = etagOf(
  'Of the settings of the account: it changes with them, not with logins.',
  '"usr_01kahx6z4zf8r9y6m3s2t1v0wz.1763733045123"',
);
const GRANTS = ['access.cannot_grant', 'access.outranked'] as const;

export const createUser = route({
  method: 'POST',
  path: '/v1/users',
  operationId: 'createUser',
  tag: 'users',
  summary: 'Make a user',
  description: 'With no more rights than the asker has. Repeating it does no harm: a name is given once.',
  permission: 'user:create',
  action: 'user.create',
  body: jsonBody(CreateUserRequest, { isRequired: true }),
  responses: { 201: { description: 'Made.', content: [json(User)], headers: [ETAG, LOCATION] } },
  errors: {
    400: ['user.invalid_name', 'user.weak_password', 'user.unknown_role'],
    403: GRANTS,
    409: ['user.name_taken', 'user.email_taken'],
    429: ['auth.too_many_logins'],
  },
});

export const listUsers = route({
  method: 'GET',
  path: '/v1/users',
  operationId: 'listUsers',
  tag: 'users',
  summary: 'List users, in the order they were made',
  permission: 'user:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^usr_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      state: Type.Optional(
        Type.Array(UserState, { maxItems: 3, description: 'Those in these states; absent: all but the deleted ones.' }),
      ),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(UserPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getUser = route({
  method: 'GET',
  path: '/v1/users/{ref}',
  operationId: 'getUser',
  tag: 'users',
  summary: 'Get a user',
  permission: 'user:read',
  params: UserRefParams,
  responses: { 200: { description: 'The user, also a deleted one.', content: [json(UserDetails)], headers: [ETAG] } },
  errors: { 404: ['user.unknown'] },
});

export const updateUser = route({
  method: 'PATCH',
  path: '/v1/users/{ref}',
  operationId: 'updateUser',
  tag: 'users',
  summary: 'Change a user: address, roles, state, quota, labels',
  description:
    'Takes all rights that the user has, and those that are given. What changes, changes at once for all keys and sessions.',
  permission: 'user:update',
  action: 'user.update',
  params: UserRefParams,
  headers: [IF_MATCH],
  body: jsonBody(UpdateUserRequest, { isRequired: true }),
  responses: { 200: { description: 'The user as it now is.', content: [json(User)], headers: [ETAG] } },
  errors: {
    400: ['user.unknown_role'],
    403: GRANTS,
    404: ['user.unknown'],
    409: ['user.email_taken', 'user.last_admin'],
    412: ['user.changed'],
  },
});

export const deleteUser = route({
  method: 'DELETE',
  path: '/v1/users/{ref}',
  operationId: 'deleteUser',
  tag: 'users',
  summary: 'Delete a user, with all keys and sessions',
  description:
    'A user who owns VMs, snapshots, volumes, webhooks, secrets, templates, deployments, networks or security groups cannot be deleted. The name is never given again.',
  permission: 'user:delete',
  action: 'user.delete',
  params: UserRefParams,
  headers: [IF_MATCH],
  responses: { 204: { description: 'Deleted.', content: [] } },
  errors: {
    403: GRANTS,
    404: ['user.unknown'],
    409: ['user.owns_resources', 'user.last_admin'],
    412: ['user.changed'],
  },
});

export const setUserPassword = route({
  method: 'PUT',
  path: '/v1/users/{ref}/password',
  operationId: 'setUserPassword',
  tag: 'users',
  summary: "Set a user's password",
  description: 'Takes all rights that the user has.',
  permission: 'user:update',
  action: 'user.set-password',
  params: UserRefParams,
  body: jsonBody(SetPasswordRequest, { isRequired: true }),
  responses: { 204: { description: 'Set.', content: [] } },
  errors: { 400: ['user.weak_password'], 403: GRANTS, 404: ['user.unknown'], 429: ['auth.too_many_logins'] },
});

export const getMe = route({
  method: 'GET',
  path: '/v1/auth/me',
  operationId: 'getMe',
  tag: 'auth',
  summary: 'Who asks, by what, and what may be done',
  permission: 'authenticated',
  responses: { 200: { description: 'The asker.', content: [json(Me)] } },
  errors: { 404: ['user.unknown'] },
});

export const updateMe = route({
  method: 'PATCH',
  path: '/v1/auth/me',
  operationId: 'updateMe',
  tag: 'auth',
  summary: 'Change the own account: address and name for people',
  description: 'A key that may do less than its user cannot.',
  permission: 'authenticated',
  action: 'user.update',
  body: jsonBody(UpdateProfileRequest, { isRequired: true }),
  responses: { 200: { description: 'The account as it now is.', content: [json(User)], headers: [ETAG] } },
  errors: { 403: GRANTS, 404: ['user.unknown'], 409: ['user.email_taken'] },
});

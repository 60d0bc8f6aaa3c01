import { SelectorQuery } from '../parameters.ts';
import { PutRoleRequest, Role, RoleList, RoleParams } from '../roles.ts';
import { json, jsonBody, route } from '../route.ts';

export const listRoles = route({
  method: 'GET',
  path: '/v1/roles',
  operationId: 'listRoles',
  tag: 'users',
  summary: 'List roles, the built-in ones first',
  permission: 'role:read',
  query: SelectorQuery,
  responses: { 200: { description: 'All of them.', content: [json(RoleList)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getRole = route({
  method: 'GET',
  path: '/v1/roles/{name}',
  operationId: 'getRole',
  tag: 'users',
  summary: 'Get a role',
  permission: 'role:read',
  params: RoleParams,
  responses: { 200: { description: 'The role.', content: [json(Role)] } },
  errors: { 404: ['role.unknown'] },
});

export const putRole = route({
  method: 'PUT',
  path: '/v1/roles/{name}',
  operationId: 'putRole',
  tag: 'users',
  summary: 'Make a role, or change what it allows',
  description:
    'It allows no more than the asker may do. A change holds at once for all who have the role, and leaves no labels but those that are said.',
  permission: 'role:create',
  action: 'role.put',
  params: RoleParams,
  body: jsonBody(PutRoleRequest, { isRequired: true }),
  responses: {
    200: { description: 'Changed.', content: [json(Role)] },
    201: { description: 'Made.', content: [json(Role)] },
  },
  errors: {
    400: ['role.invalid_name', 'role.invalid_permission'],
    403: ['access.cannot_grant'],
    409: ['role.built_in'],
    429: ['role.too_many'],
  },
});

export const deleteRole = route({
  method: 'DELETE',
  path: '/v1/roles/{name}',
  operationId: 'deleteRole',
  tag: 'users',
  summary: 'Delete a role that nobody has',
  permission: 'role:delete',
  action: 'role.delete',
  params: RoleParams,
  responses: { 204: { description: 'Deleted.', content: [] } },
  errors: { 403: ['access.cannot_grant'], 404: ['role.unknown'], 409: ['role.built_in', 'role.in_use'] },
});

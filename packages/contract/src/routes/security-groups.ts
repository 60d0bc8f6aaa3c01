import { Type } from 'typebox';
import {
  CreateSecurityGroupRequest,
  SecurityGroup,
  SecurityGroupPage,
  UpdateSecurityGroupRequest,
} from '../networks.ts';
import { LabelSelector, Limit, SecurityGroupRefParams } from '../parameters.ts';
import { ETAG, IF_MATCH, json, jsonBody, LOCATION, route } from '../route.ts';
import { object } from '../schema.ts';

const UNKNOWN = ['security_group.unknown'] as const;
const CHANGED = ['security_group.changed'] as const;

export const createSecurityGroup = route({
  method: 'POST',
  path: '/v1/security-groups',
  operationId: 'createSecurityGroup',
  tag: 'security-groups',
  summary: 'Make a security group',
  description: 'A repetition finds the name taken.',
  permission: 'security-group:create',
  action: 'security-group.create',
  body: jsonBody(CreateSecurityGroupRequest, { isRequired: true }),
  responses: { 201: { description: 'Made.', content: [json(SecurityGroup)], headers: [ETAG, LOCATION] } },
  errors: {
    400: ['network.invalid_rule'],
    409: ['security_group.name_taken'],
    429: ['security_group.too_many'],
  },
});

export const listSecurityGroups = route({
  method: 'GET',
  path: '/v1/security-groups',
  operationId: 'listSecurityGroups',
  tag: 'security-groups',
  summary: 'List security groups, in the order they were made',
  permission: 'security-group:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^sg_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(SecurityGroupPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getSecurityGroup = route({
  method: 'GET',
  path: '/v1/security-groups/{ref}',
  operationId: 'getSecurityGroup',
  tag: 'security-groups',
  summary: 'Get a security group',
  permission: 'security-group:read',
  params: SecurityGroupRefParams,
  responses: { 200: { description: 'The group.', content: [json(SecurityGroup)], headers: [ETAG] } },
  errors: { 404: UNKNOWN },
});

export const updateSecurityGroup = route({
  method: 'PATCH',
  path: '/v1/security-groups/{ref}',
  operationId: 'updateSecurityGroup',
  tag: 'security-groups',
  summary: 'Change the rules of a security group',
  description: 'They hold at once, for connections that are open too.',
  permission: 'security-group:update',
  action: 'security-group.update',
  params: SecurityGroupRefParams,
  headers: [IF_MATCH],
  body: jsonBody(UpdateSecurityGroupRequest, { isRequired: true }),
  responses: { 200: { description: 'Changed.', content: [json(SecurityGroup)], headers: [ETAG] } },
  errors: { 400: ['network.invalid_rule'], 404: UNKNOWN, 412: CHANGED },
});

export const deleteSecurityGroup = route({
  method: 'DELETE',
  path: '/v1/security-groups/{ref}',
  operationId: 'deleteSecurityGroup',
  tag: 'security-groups',
  summary: 'Delete a security group',
  description: 'Refused while VMs are under it; they are named.',
  permission: 'security-group:delete',
  action: 'security-group.delete',
  params: SecurityGroupRefParams,
  headers: [IF_MATCH],
  responses: { 204: { description: 'Gone.', content: [] } },
  errors: { 404: UNKNOWN, 409: ['security_group.in_use'], 412: CHANGED },
});

import { Type } from 'typebox';
import { CreateNetworkRequest, Network, NetworkPage, UpdateNetworkRequest } from '../networks.ts';
import { LabelSelector, Limit, NetworkRefParams } from '../parameters.ts';
import { ETAG, IF_MATCH, json, jsonBody, LOCATION, route } from '../route.ts';
import { object } from '../schema.ts';

const UNKNOWN = ['network.unknown'] as const;
const CHANGED = ['network.changed'] as const;

export const createNetwork = route({
  method: 'POST',
  path: '/v1/networks',
  operationId: 'createNetwork',
  tag: 'networks',
  summary: 'Make a network',
  description: 'Its range has no address in common with another network. A repetition finds the name taken.',
  permission: 'network:create',
  action: 'network.create',
  body: jsonBody(CreateNetworkRequest, { isRequired: true }),
  responses: { 201: { description: 'Made.', content: [json(Network)], headers: [ETAG, LOCATION] } },
  errors: {
    400: ['network.invalid_cidr', 'network.invalid_subnet', 'network.invalid_rule', 'network.never_reached'],
    409: ['network.name_taken', 'network.overlaps'],
    429: ['network.too_many'],
  },
});

export const listNetworks = route({
  method: 'GET',
  path: '/v1/networks',
  operationId: 'listNetworks',
  tag: 'networks',
  summary: 'List networks, in the order they were made',
  permission: 'network:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^net_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(NetworkPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getNetwork = route({
  method: 'GET',
  path: '/v1/networks/{ref}',
  operationId: 'getNetwork',
  tag: 'networks',
  summary: 'Get a network',
  permission: 'network:read',
  params: NetworkRefParams,
  responses: { 200: { description: 'The network.', content: [json(Network)], headers: [ETAG] } },
  errors: { 404: UNKNOWN },
});

export const updateNetwork = route({
  method: 'PATCH',
  path: '/v1/networks/{ref}',
  operationId: 'updateNetwork',
  tag: 'networks',
  summary: 'Change what the guests of a network may reach',
  description:
    "It takes effect at once, for open connections too. A new name server takes effect at the guests' next start.",
  permission: 'network:update',
  action: 'network.update',
  params: NetworkRefParams,
  headers: [IF_MATCH],
  body: jsonBody(UpdateNetworkRequest, { isRequired: true }),
  responses: { 200: { description: 'Changed.', content: [json(Network)], headers: [ETAG] } },
  errors: { 400: ['network.invalid_rule', 'network.never_reached'], 404: UNKNOWN, 412: CHANGED },
});

export const deleteNetwork = route({
  method: 'DELETE',
  path: '/v1/networks/{ref}',
  operationId: 'deleteNetwork',
  tag: 'networks',
  summary: 'Delete a network',
  description: 'Refused while VMs are on it; they are named. `default` stays.',
  permission: 'network:delete',
  action: 'network.delete',
  params: NetworkRefParams,
  headers: [IF_MATCH],
  responses: { 204: { description: 'Gone.', content: [] } },
  errors: { 404: UNKNOWN, 409: ['network.in_use', 'network.built_in'], 412: CHANGED },
});

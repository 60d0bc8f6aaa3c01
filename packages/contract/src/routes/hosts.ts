import { Host, HostPage, HostRefParams } from '../hosts.ts';
import { json, route } from '../route.ts';

export const listHosts = route({
  method: 'GET',
  path: '/v1/hosts',
  operationId: 'listHosts',
  tag: 'hosts',
  summary: 'List the machines that run VMs',
  permission: 'host:read',
  responses: { 200: { description: 'All of them.', content: [json(HostPage)] } },
  errors: {},
});

export const getHost = route({
  method: 'GET',
  path: '/v1/hosts/{ref}',
  operationId: 'getHost',
  tag: 'hosts',
  summary: 'Get a host',
  permission: 'host:read',
  params: HostRefParams,
  responses: { 200: { description: 'The host.', content: [json(Host)] } },
  errors: { 404: ['host.unknown'] },
});

import { Type } from 'typebox';
import { VmRefParams } from '../parameters.ts';
import { GuestPortPage, PortAnswer, PortWindow, VmPortParams } from '../ports.ts';
import { json, route } from '../route.ts';
import { object } from '../schema.ts';

export const listPorts = route({
  method: 'GET',
  path: '/v1/vms/{ref}/ports',
  operationId: 'listPorts',
  tag: 'ports',
  summary: 'List what listens in a VM',
  description: "As the guest's kernel tells it, by port. A suspended VM is woken for it.",
  permission: 'vm:port',
  params: VmRefParams,
  responses: { 200: { description: 'All of them.', content: [json(GuestPortPage)] } },
  errors: {
    404: ['vm.unknown'],
    409: ['vm.not_running', 'vm.suspended'],
    422: ['port.not_listed', 'guest.no_agent'],
    429: ['host.no_memory'],
    503: ['guest.link_lost'],
  },
});

export const connectToPort = route({
  method: 'GET',
  path: '/v1/vms/{ref}/ports/{port}',
  operationId: 'connectToPort',
  tag: 'ports',
  summary: 'Connect to a port of a VM',
  description:
    'With `Upgrade: websocket` a WebSocket that is one TCP connection to the guest\'s loopback, made by its agent: binary messages are its bytes, in both directions; the text `{"type":"end"}` is the end of one (`docs/guide/ports.md`). Without, whether the port takes a connection. A suspended VM is woken for it.',
  permission: 'vm:port',
  params: VmPortParams,
  headers: [
    {
      name: 'Upgrade',
      description: '`websocket` opens one (RFC 6455), with its other headers and the protocol `volary.v1`.',
      example: 'websocket',
    },
  ],
  query: object({ window: Type.Optional(PortWindow) }, { description: 'How the socket is to be.' }),
  responses: {
    101: { description: 'A WebSocket; the guest has taken the connection.', content: [] },
    200: { description: 'It takes connections.', content: [json(PortAnswer)] },
  },
  errors: {
    403: ['request.foreign_origin'],
    404: ['vm.unknown'],
    409: ['port.refused', 'vm.not_running', 'vm.suspended'],
    422: ['guest.no_agent'],
    429: ['port.too_many', 'host.no_memory'],
    503: ['guest.link_lost'],
    504: ['port.no_answer'],
  },
});

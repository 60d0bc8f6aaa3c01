import { Type } from 'typebox';
import { EVENT_TYPES, EventPage, EventType } from '../events.ts';
import { VmRef } from '../ids.ts';
import { Limit } from '../parameters.ts';
import { json, route, SSE_TYPE } from '../route.ts';
import { object } from '../schema.ts';

export const listEvents = route({
  method: 'GET',
  path: '/v1/events',
  operationId: 'listEvents',
  tag: 'events',
  summary: 'Read or follow what happens',
  description:
    'A page of the log, or, with `Accept: text/event-stream`, a stream that goes on: each event with its sequence as `id`, so that `Last-Event-ID` resumes after it without a gap; or, with `Upgrade: websocket`, a WebSocket (`docs/guide/events.md`). Without `after` a stream begins with what comes next, and a page with the first event there is.',
  permission: 'event:read',
  headers: [
    {
      name: 'Accept',
      description: '`application/json` (the default) or `text/event-stream`.',
      example: 'text/event-stream',
    },
    {
      name: 'Upgrade',
      description: '`websocket` opens one (RFC 6455), with its other headers and the protocol `volary.v1`.',
      example: 'websocket',
    },
    {
      name: 'Last-Event-ID',
      description: 'The last event you have, when you resume a stream. Wins over `after`.',
      example: '12',
    },
  ],
  query: object(
    {
      after: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: Number.MAX_SAFE_INTEGER,
          description: 'Only events with a sequence above this.',
        }),
      ),
      limit: Type.Optional(Limit),
      type: Type.Optional(
        Type.Array(EventType, { maxItems: EVENT_TYPES.length, description: 'Only these types. May be repeated.' }),
      ),
      vm: Type.Optional(VmRef),
    },
    { description: 'Which events.' },
  ),
  responses: {
    101: { description: 'A WebSocket. What the query asks for, if anything, is its first subscription.', content: [] },
    200: {
      description: 'Events. `next_cursor` of a page is to be given as `after`.',
      content: [
        json(EventPage),
        {
          contentType: SSE_TYPE,
          schema: Type.String(),
          example: 'id: 12\nevent: vm.started\ndata: {"sequence":12,…}\n\n',
        },
      ],
    },
  },
  errors: {
    400: ['events.cursor_ahead'],
    403: ['request.foreign_origin'],
    404: ['vm.unknown'],
    410: ['events.trimmed'],
    429: ['events.too_many_readers'],
  },
});

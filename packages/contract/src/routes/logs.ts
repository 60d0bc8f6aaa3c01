import { Type } from 'typebox';
import { ExecutionId, OperationId, VmRef } from '../ids.ts';
import { LIMITS } from '../limits.ts';
import { LOG_SOURCES, LogLevel, LogLine, LogPage, LogSource } from '../logs.ts';
import { json, NDJSON_TYPE, route, SSE_TYPE } from '../route.ts';
import { MOMENT_PATTERN, object, stringEnum } from '../schema.ts';

export const listLogs = route({
  method: 'GET',
  path: '/v1/logs',
  operationId: 'listLogs',
  tag: 'logs',
  summary: 'Search or follow what guests, operations and the server say',
  description:
    'A page; with `Accept: application/x-ndjson`, all that is wanted, oldest first, as a stream that ends (`order` and `limit` go with a page alone); with `follow=true`, `Accept: text/event-stream` or `Upgrade: websocket` a stream that goes on with what comes (`docs/guide/logs.md`). Each line once and in order; `cursor`, or `Last-Event-ID`, resumes after a line without a gap. Looking for lines takes a second or two at most: a page may have fewer than asked for, or none, and be followed by others.',
  permission: 'log:read',
  headers: [
    {
      name: 'Accept',
      description: '`application/json` (the default), `application/x-ndjson` or `text/event-stream`.',
      example: NDJSON_TYPE,
    },
    { name: 'Upgrade', description: '`websocket` opens one, with the protocol `volary.v1`.', example: 'websocket' },
    { name: 'Last-Event-ID', description: 'The last line you have. Wins over `cursor`.', example: '114840215552001' },
  ],
  query: object(
    {
      vm: Type.Optional(VmRef),
      operation: Type.Optional(OperationId),
      execution: Type.Optional(ExecutionId),
      source: Type.Optional(
        Type.Array(LogSource, { maxItems: LOG_SOURCES.length, description: 'Only these sources. May be repeated.' }),
      ),
      level: Type.Optional(LogLevel),
      q: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 256,
          description:
            'Words that all occur in the message, in any case; those of `a=b` one after the other. Nothing in it means anything else.',
          examples: ['connection refused'],
        }),
      ),
      since: Type.Optional(
        Type.String({ pattern: MOMENT_PATTERN, description: 'Not before this moment: `2026-01-31T12:00:00Z`.' }),
      ),
      until: Type.Optional(
        Type.String({ pattern: MOMENT_PATTERN, description: 'Before this moment. Not with a stream that goes on.' }),
      ),
      order: Type.Optional(
        stringEnum(['asc', 'desc'], {
          description: '`asc` (the default): oldest first. `desc`: newest first, of a page.',
        }),
      ),
      limit: Type.Optional(
        // Without a default, so that it is seen where it was asked for and means nothing.
        Type.Integer({
          minimum: LIMITS.pageItems.minimum,
          maximum: LIMITS.pageItems.maximum,
          description: `How many lines of a page at most; ${LIMITS.pageItems.default} where it does not say.`,
        }),
      ),
      cursor: Type.Optional(
        Type.String({
          pattern: '^(?:0|[1-9][0-9]{0,15})$',
          description:
            'The `next_cursor` of the page before, or the `sequence` of the last line you have; `0`: before the first.',
        }),
      ),
      follow: Type.Optional(Type.Boolean({ description: 'Go on with what comes: NDJSON without end.' })),
      tail: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: 10_000,
          description:
            'A stream that goes on begins with so many of the last lines. Without it, with `cursor` and with `since`: with those after that; else with what comes.',
        }),
      ),
    },
    { description: 'Which lines. `level` is the least grave one.' },
  ),
  responses: {
    101: { description: 'A WebSocket; each message is one of `LOG_MESSAGES`.', content: [] },
    200: {
      description: 'Lines.',
      content: [
        json(LogPage),
        { contentType: NDJSON_TYPE, schema: LogLine },
        { contentType: SSE_TYPE, schema: Type.String(), example: 'id: 12\nevent: line\ndata: {"sequence":12,…}\n\n' },
      ],
    },
  },
  errors: {
    400: ['logs.no_word', 'logs.empty_range', 'logs.cursor_ahead'],
    403: ['request.foreign_origin'],
    404: ['vm.unknown'],
    429: ['events.too_many_readers'],
    503: ['logs.unavailable'],
  },
});

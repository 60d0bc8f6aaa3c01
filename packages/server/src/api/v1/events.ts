import { routes, SSE_TYPE } from '@volary/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Event, EventType } from '../../domain/events.ts';
import { type SseMessage, sendSse } from '../realtime/sse.ts';
import { invalidFields } from '../validation.ts';
import type { V1Context } from './context.ts';
import { toEventDto } from './event-dto.ts';
import { mount } from './mount.ts';

/** The log of what happened: a page of it, or a stream that goes on. */
export function mountEvents(app: FastifyInstance, { engine: { events }, signals, limits, log }: V1Context): void {
  mount(app, routes.listEvents, async (request, reply) => {
    const { after, limit = 50, type, vm } = request.query;
    const filter: { types?: readonly EventType[]; vm?: string } = {};
    if (type !== undefined) filter.types = type;
    if (vm !== undefined) filter.vm = vm;
    if (!(request.headers.accept ?? '').includes(SSE_TYPE)) {
      const items = await events.list(request.principal, { after: after ?? 0, limit, ...filter });
      return {
        items: items.map(toEventDto),
        next_cursor: items.length < limit ? null : String(items.at(-1)?.sequence ?? 0),
      };
    }
    const from = lastEventId(request) ?? after ?? null;
    const source = await events.follow(request.principal, { after: from, signal: signals.of(reply), ...filter });
    await sendSse(reply, messagesOf(source), { heartbeatMs: limits.heartbeatMs, log });
    return reply;
  });
}

/** What a client that resumes has seen last; null when it does not say. */
function lastEventId({ headers }: FastifyRequest): number | null {
  const text = headers['last-event-id'];
  if (text === undefined || text === '') return null;
  const sequence = Number(text);
  if (Number.isSafeInteger(sequence) && sequence >= 0) return sequence;
  throw invalidFields([
    { field: 'Last-Event-ID', message: 'must be the sequence of an event', allowed: { minimum: 0 } },
  ]);
}

async function* messagesOf(source: AsyncIterable<Event>): AsyncGenerator<SseMessage> {
  for await (const event of source) yield { id: event.sequence, event: event.type, data: toEventDto(event) };
}

import type { JsonObject } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { Event, EventType } from '../../../domain/events.ts';
import type { Json } from '../../../domain/json.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { lastEventId } from '../../realtime/last-event-id.ts';
import { sendSse } from '../../realtime/sse.ts';
import { createEventFrames } from '../event-frames.ts';
import { toMoment } from '../moments.ts';
import { toFault } from './errors.ts';
import { routes } from './routes.ts';

interface Shown {
  readonly name: string;
  /** What it tells besides the VM's name and the moment. */
  readonly about: (data: JsonObject) => JsonObject;
}

const NOTHING = (): JsonObject => ({});
const STARTED: Shown = { name: 'vm.started', about: ({ ip = null }) => ({ ip }) };
const STOPPED: Shown = { name: 'vm.stopped', about: NOTHING };

/** What is told here, of all that happens. A VM that is paused or suspended is stopped here. */
const SHOWN: ReadonlyMap<EventType, Shown> = new Map<EventType, Shown>([
  ['vm.created', { name: 'vm.created', about: ({ template }) => ({ plugin: nameOf(template) }) }],
  ['vm.started', STARTED],
  ['vm.resumed', STARTED],
  ['vm.stopped', STOPPED],
  ['vm.paused', STOPPED],
  ['vm.suspended', STOPPED],
  ['vm.deleted', { name: 'vm.deleted', about: NOTHING }],
  [
    'vm.health_changed',
    {
      name: 'vm.health_changed',
      about: ({ old_status = null, status = null }) => ({ old_status, status }),
    },
  ],
  ['vm.failed', { name: 'vm.error', about: ({ message = null }) => ({ error: message }) }],
]);
const TYPES = [...SHOWN.keys()];

/** What becomes of VMs, as it happens. */
export function mountEvents(app: FastifyInstance, { engine, limits, signals, log, occupancy }: FaceContext): void {
  const toFrames = createPages();

  mount(app, routes.streamVmEvents, async (request, reply) => {
    const after = lastEventId(request);
    occupancy.eventReaders.enter(request.principal, reply.raw);
    const feed = await engine.events.follow(request.principal, { after, types: TYPES, signal: signals.of(reply) });
    const { heartbeatMs, slowReaderMs, goodbyeMs } = limits;
    const position = (): number => feed.position;
    const source = { pages: feed, encode: toFrames, position, tooSlow: feed.tooSlow, slowReaderMs, goodbyeMs };
    await sendSse(reply, source, { heartbeatMs, log, toFault });
    return reply;
  });
}

/** Of what follows together most pages are single events, whose bytes are there. */
function createPages(): (page: readonly Event[]) => Uint8Array {
  const frameOf = createEventFrames(toFrame);
  return (page) => {
    const frames = page.map(frameOf).filter((frame) => frame !== null);
    const [first, second] = frames;
    return first !== undefined && second === undefined ? first : Buffer.concat(frames);
  };
}

function toFrame({ type, sequence, at, data }: Event): string | null {
  const shown = SHOWN.get(type);
  if (shown === undefined) return null;
  const told = { name: data['name'] ?? null, ...shown.about(data), timestamp: toMoment(at) };
  return `id: ${sequence}\nevent: ${shown.name}\ndata: ${JSON.stringify(told)}\n\n`;
}

function nameOf(template: Json | undefined): Json {
  return typeof template === 'object' && template !== null && 'name' in template ? template['name'] : null;
}

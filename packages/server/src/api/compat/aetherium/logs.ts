import type { FastifyInstance } from 'fastify';
import type { LogLine } from '../../../domain/logs/log-line.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { LogFeed, LogSelection } from '../../../engine/apis/log-api.ts';
import type { Engine } from '../../../engine/engine.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { invalidFields } from '../../validation.ts';
import { serveSocket, type Talk } from '../sockets.ts';
import { toFault } from './errors.ts';
import { vmIdOf } from './ids.ts';
import { pump } from './pump.ts';
import { routes } from './routes.ts';
import type { LogQuery } from './schemas.ts';
import { toLogEntry } from './translate.ts';

/** Asked for at a time. */
const PAGE = 200;

/** The log: a search, and a stream. */
export function mountLogs(app: FastifyInstance, context: FaceContext): void {
  const { engine, signals } = context;

  mount(app, routes.queryLogs, async ({ principal, body }, reply) => {
    const { limit = 100 } = body;
    const lines = await lastLines(engine, principal, selectionOf(body), { limit, signal: signals.of(reply) });
    return { logs: lines.map(toLogEntry), total: lines.length };
  });

  mount(app, routes.streamLogs, async (request, reply) => {
    const { vm_id, level } = request.query;
    const selection = selectionOf({
      ...(vm_id === undefined ? {} : { vm_id }),
      ...(level === undefined ? {} : { level }),
    });
    await serveSocket(request, reply, context, {
      faultOf: (error) => JSON.stringify(toFault(error)),
      prepare: async (principal, { signal, connection }) => {
        context.occupancy.logReaders.enter(principal, connection);
        return talkOf(await engine.logs.follow(principal, selection, { after: null, tail: null, signal }), signal);
      },
    });
    return reply;
  });
}

/** Throws `invalid_argument` request.invalid. */
function selectionOf({ vm_id, level, search_text, start_time, end_time }: LogQuery): LogSelection {
  return {
    ...(vm_id === undefined ? {} : { vm: vmIdOf(vm_id) }),
    ...(level === undefined ? {} : { minLevel: level }),
    ...(search_text === undefined ? {} : { search: search_text }),
    ...(start_time === undefined ? {} : { sinceMs: start_time }),
    ...(end_time === undefined ? {} : { untilMs: end_time }),
  };
}

/** The newest first. */
async function lastLines(
  { logs }: Engine,
  principal: Principal,
  selection: LogSelection,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<readonly LogLine[]> {
  const lines: LogLine[] = [];
  let from: number | null = null;
  while (lines.length < limit) {
    const page: Awaited<ReturnType<Engine['logs']['list']>> = await logs.list(principal, selection, {
      direction: 'backward',
      from,
      ...{ limit: Math.min(PAGE, limit - lines.length), signal },
    });
    lines.push(...page.lines);
    if (page.isAtEnd) break;
    from = page.reached;
  }
  return lines;
}

/** Each message is a line; nothing is asked for here. */
function talkOf(feed: LogFeed, signal: AbortSignal): Talk {
  const toMessage = (line: LogLine): string => JSON.stringify(toLogEntry(line));
  return {
    begin: (socket) => void pump(socket, { feed, tooSlow: null, toMessage, skip: 0, signal }),
    receive: async () => {
      throw invalidFields([{ field: '', message: 'is not asked for here' }]);
    },
  };
}

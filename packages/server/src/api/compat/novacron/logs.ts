import { NDJSON_TYPE } from '@volary/contract';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { VmId } from '../../../domain/ids.ts';
import type { LogLine as KeptLine, LogLevel, LogSource } from '../../../domain/logs/log-line.ts';
import type { Principal } from '../../../domain/principal/principal.ts';
import type { LogApi, LogFeed } from '../../../engine/apis/log-api.ts';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { sendStream } from '../../realtime/send-stream.ts';
import { invalidFields } from '../../validation.ts';
import { toMoment } from '../moments.ts';
import { requireVmId } from './require-vm.ts';
import type { VersionRoutes } from './routes.ts';
import type { LogLine, LogsQuery } from './watch-schemas.ts';

/** Read at a time. */
const PAGE = 500;
/**
 * What the messages of an answer come to at most, characters: of a guest that writes long lines it has the last ones,
 * and fewer than were asked for.
 */
const ANSWER_CHARACTERS = 4 * 1024 * 1024;

/** Lines of a VM: the last ones, and what comes. */
export function mountLogs(app: FastifyInstance, routes: VersionRoutes, context: FaceContext): void {
  mount(app, routes.getLogs, async ({ principal, params, query }, reply) => {
    const vm = requireVmId(params.vm_id);
    const { lines = 100, follow = false } = query;
    // Whether it is there is asked even where its lines were kept.
    await context.engine.vms.get(principal, vm);
    const selection = { vm, ...since(query) };
    if (!follow) return { vm_id: vm, logs: await lastLines(context, { principal, lines, selection, reply }) };
    await followLines(context, { principal, lines, selection, reply });
    return reply;
  });
}

interface Asked {
  readonly principal: Principal;
  readonly lines: number;
  readonly selection: { readonly vm: VmId; readonly sinceMs?: number };
  readonly reply: FastifyReply;
}

async function lastLines({ engine, signals }: FaceContext, asked: Asked): Promise<readonly LogLine[]> {
  const { principal, lines, selection, reply } = asked;
  const signal = signals.of(reply);
  const found: LogLine[] = [];
  let characters = 0;
  let from: number | null = null;
  while (found.length < lines && characters < ANSWER_CHARACTERS) {
    const limit = Math.min(PAGE, lines - found.length);
    const page: Awaited<ReturnType<LogApi['list']>> = await engine.logs.list(principal, selection, {
      direction: 'backward',
      ...{ from, limit, signal },
    });
    found.push(...page.lines.map(toLine));
    for (const { message } of page.lines) characters += message.length;
    if (page.isAtEnd) break;
    from = page.reached;
  }
  return found.toReversed();
}

async function followLines({ engine, signals, limits, log, occupancy }: FaceContext, asked: Asked): Promise<void> {
  const { principal, lines, selection, reply } = asked;
  occupancy.logReaders.enter(principal, reply.raw);
  const tail = selection.sinceMs === undefined ? lines : null;
  const feed = await engine.logs.follow(principal, selection, { after: null, tail, signal: signals.of(reply) });
  await sendStream(reply, linesOf(feed), {
    contentType: NDJSON_TYPE,
    // An empty line is no value, and shows that there is somebody.
    heartbeat: { everyMs: limits.heartbeatMs, text: () => '\n' },
    isFlushedAtOnce: true,
    slowReader: { signal: new AbortController().signal, afterMs: limits.slowReaderMs, goodbyeMs: limits.goodbyeMs },
    log,
  });
}

async function* linesOf(feed: LogFeed): AsyncGenerator<string> {
  for await (const page of feed) yield page.map((line) => `${JSON.stringify(toLine(line))}\n`).join('');
}

const LEVELS: Readonly<Record<LogLevel, LogLine['level']>> = {
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARNING',
  error: 'ERROR',
};
const SOURCES: Readonly<Record<LogSource, LogLine['source']>> = {
  stdout: 'application',
  stderr: 'application',
  execution: 'application',
  console: 'system',
  operation: 'system',
  engine: 'system',
  server: 'system',
};

function toLine({ at, level, source, message }: KeptLine): LogLine {
  return { timestamp: toMoment(at), level: LEVELS[level], source: SOURCES[source], message };
}

const MOMENT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;

/** Throws `invalid_argument` request.invalid for what is no moment. */
function since({ since: text }: LogsQuery): { readonly sinceMs?: number } {
  if (text === undefined) return {};
  const sinceMs = MOMENT.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(sinceMs)) return { sinceMs };
  throw invalidFields([{ field: 'since', message: 'must be an ISO 8601 timestamp, such as 2025-01-30T15:00:00Z' }]);
}

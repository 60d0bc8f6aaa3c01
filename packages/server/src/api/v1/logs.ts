import { LIMITS, type LogPage as LogPageDto, NDJSON_TYPE, routes, SSE_TYPE } from '@volary/contract';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { LogLine } from '../../domain/logs/log-line.ts';
import type { LogPage } from '../../domain/logs/log-query.ts';
import { mount } from '../mount.ts';
import { sendStream } from '../realtime/send-stream.ts';
import type { V1Context } from './context.ts';
import { toLogLineDto } from './dto/log-dto.ts';
import {
  checkExporting,
  checkFollowing,
  checkNotFollowing,
  cursorOf,
  type LogRequest,
  selectionOf,
} from './log-query.ts';
import { sendLogEvents, sendLogLines, sendLogSocket, slowReaderOf } from './log-streams.ts';

/** What guests, operations and the server say: a page of it, all of it, or a stream that goes on. */
export function mountLogs(app: FastifyInstance, context: V1Context): void {
  mount(app, routes.listLogs, async (request, reply) => {
    const accept = request.headers.accept ?? '';
    const isFollowing =
      request.query.follow === true || accept.includes(SSE_TYPE) || context.upgrades.of(request.raw) !== null;
    if (isFollowing) await follow(request, reply, context);
    else if (accept.includes(NDJSON_TYPE)) await exportAll(request, reply, context);
    else return await readPage(request, reply, context);
    return reply;
  });
}

async function readPage(request: LogRequest, reply: FastifyReply, { engine, signals }: V1Context): Promise<LogPageDto> {
  checkNotFollowing(request);
  const { limit = LIMITS.pageItems.default, order = 'asc' } = request.query;
  const direction = order === 'asc' ? 'forward' : 'backward';
  const page = { direction, from: cursorOf(request), limit, signal: signals.of(reply) } as const;
  return toPage(await engine.logs.list(request.principal, selectionOf(request), page));
}

function toPage({ lines, reached, isAtEnd }: LogPage): LogPageDto {
  return { items: lines.map(toLogLineDto), next_cursor: isAtEnd ? null : String(reached) };
}

async function exportAll(request: LogRequest, reply: FastifyReply, context: V1Context): Promise<void> {
  checkExporting(request);
  const { engine, signals, limits, log, occupancy } = context;
  const options = { after: cursorOf(request), signal: signals.of(reply) };
  occupancy.logReaders.enter(request.principal, reply.raw);
  const pages = await engine.logs.export(request.principal, selectionOf(request), options);
  // A failure cuts the connection: a log that lacks its end must not look complete.
  await sendStream(reply, linesOf(pages), { contentType: NDJSON_TYPE, slowReader: slowReaderOf(limits), log });
}

async function* linesOf(pages: AsyncIterable<readonly LogLine[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((line) => `${JSON.stringify(toLogLineDto(line))}\n`).join('');
}

async function follow(request: LogRequest, reply: FastifyReply, context: V1Context): Promise<void> {
  checkFollowing(request);
  const { engine, upgrades, occupancy } = context;
  const selection = selectionOf(request);
  const from = { after: cursorOf(request), tail: request.query.tail ?? null };
  const open = async (signal: AbortSignal) =>
    await engine.logs.follow(request.principal, selection, { ...from, signal });
  const upgrade = upgrades.of(request.raw);
  occupancy.logReaders.enter(request.principal, upgrade?.socket ?? reply.raw);
  if (upgrade !== null) await sendLogSocket(request, reply, open, { ...context, upgrade });
  else if ((request.headers.accept ?? '').includes(SSE_TYPE)) await sendLogEvents(reply, open, context);
  else await sendLogLines(reply, open, context);
}

import { NDJSON_TYPE, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { AuditEntry } from '../../domain/audit/audit.ts';
import { isId } from '../../domain/ids.ts';
import type { AuditFilter } from '../../engine/apis/audit-api.ts';
import { mount, type RequestTo } from '../mount.ts';
import { sendStream } from '../realtime/send-stream.ts';
import type { V1Context } from './context.ts';
import { toAuditEntryDto } from './dto/audit-dto.ts';
import { momentParam } from './moment-param.ts';

/** Who did what: a page of it, or all of it as a stream of lines. */
export function mountAudit(app: FastifyInstance, { engine: { audit }, signals, log }: V1Context): void {
  mount(app, routes.listAudit, async (request, reply) => {
    const filter = filterOf(request);
    if ((request.headers.accept ?? '').includes(NDJSON_TYPE)) {
      const pages = audit.export(request.principal, { ...filter, signal: signals.of(reply) });
      // A failure cuts the connection: an audit that lacks its end must not look complete.
      await sendStream(reply, linesOf(pages), { contentType: NDJSON_TYPE, log });
      return reply;
    }
    const { limit = 50, cursor } = request.query;
    const after = cursor === undefined ? null : Number(cursor);
    const { items, next } = await audit.list(request.principal, { ...filter, limit, after });
    return { items: items.map(toAuditEntryDto), next_cursor: next === null ? null : String(next) };
  });
}

function filterOf({ query }: RequestTo<typeof routes.listAudit>): AuditFilter {
  const { principal, action, target, result, since, until } = query;
  return {
    ...(principal === undefined ? {} : { principal }),
    ...(action === undefined ? {} : { action }),
    ...(target === undefined ? {} : { target: isId(target) ? { id: target } : { name: target } }),
    ...(result === undefined ? {} : { result }),
    ...(since === undefined ? {} : { since: momentParam('since', since) }),
    ...(until === undefined ? {} : { until: momentParam('until', until) }),
  };
}

async function* linesOf(pages: AsyncIterable<readonly AuditEntry[]>): AsyncGenerator<string> {
  for await (const page of pages) yield page.map((entry) => `${JSON.stringify(toAuditEntryDto(entry))}\n`).join('');
}

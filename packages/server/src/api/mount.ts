import type { RequestOf, Route } from '@volary/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifySchema } from 'fastify';
import { invalidFields } from './validation.ts';

/** A request to this route, its parts parsed and typed. */
export type RequestTo<R extends Route> = FastifyRequest<RequestOf<R>>;
export type Handler<R extends Route> = (request: RequestTo<R>, reply: FastifyReply<RequestOf<R>>) => Promise<unknown>;

/**
 * Adds a route of the contract to the server. Responses are not validated nor filtered here: handlers answer with typed objects
 * made field by field, which V8's own JSON.stringify writes faster than a serialiser made from a schema; tests hold
 * them against the schemas.
 */
export function mount<R extends Route>(app: FastifyInstance, route: R, handler: Handler<R>): void {
  app.route<RequestOf<R>>({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    schema: schemaOf(route),
    exposeHeadRoute: route.method === 'GET' && !answersWithStream(route),
    config: {
      permission: route.permission,
      ...(route.action === undefined ? {} : { action: route.action }),
      ...(route.keyed === undefined ? {} : { keyed: route.keyed }),
    },
    ...(hasOptionalJson(route) ? { preValidation: bodyOrNothing } : {}),
    ...(route.body === undefined ? { preValidation: noBody } : {}),
    ...(answersWithStream(route) || route.body?.isStream === true ? { preHandler: beforeStream(route) } : {}),
    handler,
  });
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts a request that may last until it is over. Throws `resource_exhausted` request.too_many_streams. */
    countStream(request: FastifyRequest, reply: FastifyReply): void;
    /** Ends the connection of a request that may last as soon as who sent it is not let in any more, or may do less. */
    endWithCredential(request: FastifyRequest, reply: FastifyReply): void;
  }
  interface FastifyContextConfig {
    /** What the caller must be allowed; `authenticated`: nothing; `none`: no key is needed. */
    permission?: string;
    /** What the audit calls it; absent: it only reads. */
    action?: string;
    /** How a repetition with the same `Idempotency-Key` is kept from taking effect twice. */
    keyed?: 'stored' | 'untold' | 'in-guest';
  }
}

/** A parameter that means nothing is refused, also where there is none that means something. */
const NO_QUERY = { type: 'object', properties: {}, additionalProperties: false } as const;

function schemaOf({ params, query, body }: Route): FastifySchema {
  return {
    ...(params === undefined ? {} : { params }),
    querystring: query ?? NO_QUERY,
    ...(body === undefined || body.isStream || body.isReadByHandler === true ? {} : { body: body.content.schema }),
  };
}

function hasOptionalJson({ body }: Route): boolean {
  return body !== undefined && !body.isRequired && !body.isStream;
}

/** No body at all asks for the defaults, as an empty object does. */
async function bodyOrNothing(request: FastifyRequest): Promise<void> {
  if (request.body === undefined) request.body = {};
}

/** What a caller sends where nothing is read would be ignored: it is told so. */
async function noBody({ body }: FastifyRequest): Promise<void> {
  const isEmpty = body === undefined || (typeof body === 'object' && body !== null && Object.keys(body).length === 0);
  if (!isEmpty) throw invalidFields([{ field: 'body', message: 'must be empty here', allowed: [] }]);
}

/** Who may ask for a stream is counted as if it did: it may as well be made to wait. */
function beforeStream(route: Route) {
  const isCounted = answersWithStream(route);
  return (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
    if (isCounted) request.server.countStream(request, reply);
    request.server.endWithCredential(request, reply);
    done();
  };
}

/** A socket is one too. */
function answersWithStream({ responses }: Route): boolean {
  return (
    101 in responses ||
    Object.values(responses).some(({ content }) =>
      content.some(({ contentType }) => contentType !== 'application/json'),
    )
  );
}

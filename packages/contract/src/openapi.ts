import type { TObject, TSchema } from 'typebox';
import { collectComponents, toJsonSchema } from './openapi-schemas.ts';
import {
  IDEMPOTENCY_KEY,
  IDEMPOTENCY_REPLAYED,
  type MediaType,
  PROBLEM_CONTENT,
  type Route,
  type RouteHeader,
  type RouteResponse,
  TAGS,
} from './route.ts';
import { routes } from './routes.ts';
import type { JsonObject } from './schema.ts';

const STATUS_WORDS: Readonly<Record<number, string>> = {
  400: 'The request is not as it should be.',
  403: 'Not allowed.',
  404: 'Not found.',
  409: 'Not possible now.',
  410: 'No longer kept.',
  412: 'It has changed.',
  422: 'Not supported by this server, or another request than the first with this `Idempotency-Key`.',
  429: 'Not enough left.',
  503: 'Not ready.',
  504: 'Not within the time.',
  507: 'Not enough room on the disk.',
};

/** What a document says of a whole API, besides its routes. */
export interface ApiDescription {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  readonly servers: readonly { readonly url: string; readonly description: string }[];
  /** What a caller may show, by its name; each alone is enough. */
  readonly securitySchemes: JsonObject;
  readonly routes: readonly Route[];
  /** What its routes are about, in a sentence each. */
  readonly tags: Readonly<Record<string, string>>;
  readonly faults: {
    /** What an error is answered as. */
    readonly content: readonly MediaType[];
    /** Statuses that any route with a key may answer, besides its own. */
    readonly always: Readonly<Record<number, string>>;
    /** Whether errors have reasons of `/v1`, which the document then names. */
    readonly areReasoned: boolean;
  };
}

/** The OpenAPI 3.1 document of `/v1`, made from the table of routes. The same input gives the same bytes. */
export function openApiDocument({ version }: { readonly version: string }): JsonObject {
  return openApiOf({
    title: 'Volary',
    version,
    description:
      'The native API. JSON is snake_case, times are ISO 8601 in UTC, errors are `application/problem+json` (RFC 9457).',
    servers: [{ url: 'http://127.0.0.1:7070', description: 'The default of `volary serve`.' }],
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'The key as `Authorization: Bearer KEY`.' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The key as `X-API-Key: KEY`.' },
    },
    routes: Object.values(routes),
    tags: TAGS,
    faults: {
      content: PROBLEM_CONTENT,
      always: { 401: 'No key, or not a valid one.', 403: 'The key does not allow this.' },
      areReasoned: true,
    },
  });
}

/** The OpenAPI 3.1 document of an API. */
export function openApiOf(api: ApiDescription): JsonObject {
  const { title, version, description, servers, securitySchemes, routes: table } = api;
  return {
    openapi: '3.1.0',
    info: { title, version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: servers.map((server) => ({ ...server })),
    security: Object.keys(securitySchemes).map((name) => ({ [name]: [] })),
    tags: Object.entries(api.tags).map(([name, about]) => ({ name, description: about })),
    paths: pathsOf(api),
    components: {
      securitySchemes,
      schemas: collectComponents([...table.flatMap(schemasOf), ...api.faults.content.map(({ schema }) => schema)]),
    },
  };
}

function pathsOf({ routes: table, faults }: ApiDescription): JsonObject {
  const paths: Record<string, Record<string, JsonObject>> = {};
  for (const route of table) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route, faults) };
  }
  return paths;
}

function operationOf(route: Route, faults: ApiDescription['faults']): JsonObject {
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === undefined ? {} : { description: route.description }),
    ...(route.permission === 'none' ? { security: [] } : { 'x-permission': route.permission }),
    ...(route.action === undefined ? {} : { 'x-audit-action': route.action }),
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...headersOf(route).map(headerParameter),
    ],
    ...(route.body === undefined
      ? {}
      : { requestBody: { required: route.body.isRequired, content: contentOf([route.body.content]) } }),
    responses: { ...successesOf(route), ...failuresOf(route, faults) },
  };
}

function parametersOf(schema: TObject | undefined, place: 'path' | 'query'): JsonObject[] {
  if (schema === undefined) return [];
  const required: readonly string[] = schema.required ?? [];
  return Object.entries(schema.properties).map(([name, property]) => {
    const { description, examples, ...rest } = toJsonSchema(property);
    return {
      name,
      in: place,
      required: required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: rest,
      ...(Array.isArray(examples) ? { example: examples[0] } : {}),
    };
  });
}

function headersOf({ headers = [], keyed }: Route): readonly RouteHeader[] {
  return keyed === undefined ? headers : [...headers, IDEMPOTENCY_KEY];
}

function headerParameter({ name, description, example }: RouteHeader): JsonObject {
  return { name, in: 'header', required: false, description, schema: { type: 'string' }, example };
}

function successesOf({ responses, keyed }: Route): JsonObject {
  const added = keyed === undefined ? [] : [IDEMPOTENCY_REPLAYED];
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      successOf({ ...response, headers: [...(response.headers ?? []), ...added] }),
    ]),
  );
}

function successOf({ description, content, headers = [] }: RouteResponse): JsonObject {
  return {
    description,
    ...(headers.length === 0
      ? {}
      : { headers: Object.fromEntries(headers.map((header) => [header.name, responseHeader(header)])) }),
    ...(content.length === 0 ? {} : { content: contentOf(content) }),
  };
}

function responseHeader({ description, example }: RouteHeader): JsonObject {
  return { description, schema: { type: 'string' }, example };
}

function contentOf(content: readonly MediaType[]): JsonObject {
  return Object.fromEntries(
    content.map(({ contentType, schema, example }) => {
      const shown = toJsonSchema(schema);
      return [contentType, { schema: shown, ...(example === undefined ? {} : { example: String(example) }) }];
    }),
  );
}

/** Its own errors, and those that come with having a key or an input at all. */
function failuresOf(route: Route, { content, always, areReasoned }: ApiDescription['faults']): JsonObject {
  const failure = (description: string): JsonObject => ({ description, content: contentOf(content) });
  const failures: Record<string, JsonObject> = {};
  if (route.permission !== 'none') {
    for (const [status, description] of Object.entries(always)) failures[status] = failure(description);
  }
  for (const [status, of] of [...reasonsOf(route)].sort(([a], [b]) => a - b)) {
    const words = STATUS_WORDS[status] ?? 'An error.';
    const named = areReasoned && of.length > 0;
    failures[status] = failure(named ? `${words} Reasons: ${of.map((one) => `\`${one}\``).join(', ')}.` : words);
  }
  return { ...failures, default: failure('Any other error: the server is at fault, or stopping.') };
}

/** By status. */
function reasonsOf(route: Route): ReadonlyMap<number, readonly string[]> {
  const reasons = new Map<number, readonly string[]>(
    Object.entries(route.errors).map(([status, of]) => [Number(status), of]),
  );
  const hasInput = route.params !== undefined || route.query !== undefined || route.body !== undefined;
  if (hasInput) reasons.set(400, ['request.invalid', ...(reasons.get(400) ?? [])]);
  if (route.keyed !== undefined) {
    const unknown = route.keyed === 'in-guest' ? ['idempotency.outcome_unknown'] : [];
    reasons.set(409, [...(reasons.get(409) ?? []), 'idempotency.in_progress', ...unknown]);
    reasons.set(422, [...(reasons.get(422) ?? []), 'idempotency.key_reused']);
  }
  if (route.path.startsWith('/v1/')) reasons.set(429, [...(reasons.get(429) ?? []), 'rate.limited']);
  return reasons;
}

function schemasOf({ params, query, body, responses }: Route): readonly TSchema[] {
  const answers = Object.values(responses).flatMap(({ content }) => content.map(({ schema }) => schema));
  return [params, query, body?.content.schema, ...answers].filter((schema) => schema !== undefined);
}

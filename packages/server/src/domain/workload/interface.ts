import { VolaryError } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';

export const ACTION_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** Something that a workload can be told to do, by one HTTP request. */
export interface WorkloadAction {
  readonly description: string;
  readonly method: (typeof ACTION_METHODS)[number];
  /** Below the base path of the workload. */
  readonly path: string;
  readonly timeoutMs: number;
}

/** Where the description of a workload's HTTP interface is. */
export type OpenapiSource =
  | { readonly kind: 'document'; readonly document: JsonObject }
  /** The workload serves it, below its base path. */
  | { readonly kind: 'path'; readonly path: string };

/** The same as it is asked for: a document that another server has is fetched before anything is made. */
export type AskedOpenapi = OpenapiSource | { readonly kind: 'url'; readonly url: string };

export const INTERFACE_LIMITS = {
  actions: 64,
  actionTimeoutMs: { minimum: 100, maximum: 300_000 },
  /** Of a document that is kept with the VM, bytes as JSON. */
  openapiBytes: 65_536,
  /** Of one as another server sends it, where blanks and comments may take more. */
  openapiFetchedBytes: 262_144,
} as const;

export const DEFAULT_ACTION_TIMEOUT_MS = 30_000;
const ACTION_NAME = /^[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?$/;

/** Throws `invalid_argument` workload.invalid, naming the field, if there is no HTTP interface to tell anything by, or too much of it. */
export function checkInterface(
  {
    actions,
    openapi,
  }: { readonly actions: Readonly<Record<string, WorkloadAction>>; readonly openapi: OpenapiSource | null },
  workload: { readonly type: string; readonly port: number | null } | null,
): void {
  const servesHttp = workload !== null && workload.type === 'http' && workload.port !== null;
  checkActions(actions, servesHttp);
  if (openapi !== null) checkOpenapi(openapi, servesHttp);
}

function checkActions(actions: Readonly<Record<string, WorkloadAction>>, servesHttp: boolean): void {
  const names = Object.keys(actions);
  if (names.length > INTERFACE_LIMITS.actions)
    throw invalid('actions', `A VM has at most ${INTERFACE_LIMITS.actions} actions.`);
  for (const [name, { timeoutMs, path }] of Object.entries(actions)) {
    if (!ACTION_NAME.test(name)) throw invalid(`actions.${name}`, 'This is not a name that an action can have.');
    if (!path.startsWith('/')) throw invalid(`actions.${name}.path`, 'A path begins with a slash.');
    const { minimum, maximum } = INTERFACE_LIMITS.actionTimeoutMs;
    if (!Number.isInteger(timeoutMs) || timeoutMs < minimum || timeoutMs > maximum)
      throw invalid(`actions.${name}.timeout_ms`, `It must be a whole number from ${minimum} to ${maximum}.`);
  }
  if (names.length > 0 && !servesHttp) throw invalid('actions', 'Only an http workload can be told to do something.');
}

function checkOpenapi(openapi: OpenapiSource, servesHttp: boolean): void {
  if (openapi.kind === 'path' && !servesHttp)
    throw invalid('openapi', 'Only an http workload serves a document at a path.');
  if (openapi.kind === 'document') {
    const size = new TextEncoder().encode(JSON.stringify(openapi.document)).length;
    if (size > INTERFACE_LIMITS.openapiBytes)
      throw invalid('openapi', `The document takes ${size} bytes; at most ${INTERFACE_LIMITS.openapiBytes}.`);
  }
}

/** What a server had at a URL, if it says of itself that it is one. Throws `failed_precondition` openapi.not_openapi. */
export function asOpenapiDocument(found: Json): JsonObject {
  if (typeof found === 'object' && found !== null && !isList(found)) {
    const { openapi, swagger } = found;
    if (typeof openapi === 'string' && /^3\.\d+(\.\d+)?/.test(openapi)) return found;
    if (swagger === '2.0') return found;
  }
  throw new VolaryError('failed_precondition', 'What the URL leads to is no OpenAPI document of version 2 or 3.', {
    reason: 'openapi.not_openapi',
    details: { field: 'openapi' },
  });
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function invalid(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'workload.invalid', details: { field } });
}

import { VolaryError } from '../errors.ts';
import type { JsonObject } from '../json.ts';

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
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string };

export const INTERFACE_LIMITS = {
  actions: 64,
  actionTimeoutMs: { minimum: 100, maximum: 300_000 },
  /** Of a document that is given with the VM, bytes as JSON. */
  openapiBytes: 65_536,
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
  const names = Object.keys(actions);
  const servesHttp = workload !== null && workload.type === 'http' && workload.port !== null;
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
  if (openapi === null) return;
  if (openapi.kind === 'path' && !servesHttp)
    throw invalid('openapi', 'Only an http workload serves a document at a path.');
  if (openapi.kind === 'url')
    throw invalid(
      'openapi',
      'Give the document itself, or a path that the workload serves it at: no other server is asked for it.',
    );
  if (openapi.kind === 'document') {
    const size = new TextEncoder().encode(JSON.stringify(openapi.document)).length;
    if (size > INTERFACE_LIMITS.openapiBytes)
      throw invalid('openapi', `The document takes ${size} bytes; at most ${INTERFACE_LIMITS.openapiBytes}.`);
  }
}

function invalid(field: string, message: string): VolaryError {
  return new VolaryError('invalid_argument', message, { reason: 'workload.invalid', details: { field } });
}

import type { Static, TObject, TSchema } from 'typebox';
import { Type } from 'typebox';
import { Problem } from './errors.ts';

/** A header, as documents show it. Values are read by hand: each has rules of its own in its RFC. */
export interface RouteHeader {
  readonly name: string;
  readonly description: string;
  readonly example: string;
}

/** One form that a body may have. */
export interface MediaType {
  readonly contentType: string;
  readonly schema: TSchema;
  /** Default: the first of the schema's own examples. */
  readonly example?: unknown;
}

export interface RouteResponse {
  readonly description: string;
  /** Empty: no body. */
  readonly content: readonly MediaType[];
  readonly headers?: readonly RouteHeader[];
}

/**
 * One route, as data: the server's routing and validation, the OpenAPI document and the tests are all made from it.
 * Statuses that every route may answer (401, 403, 500, 503) are not repeated.
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** As in OpenAPI: `/v1/vms/{ref}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  /** What a key must be allowed; `authenticated`: nothing but to be one; `none`: no key is needed. */
  readonly permission: string;
  /** What the audit calls it, also when it is refused: `vm.create`. Absent: it only reads. */
  readonly action?: string;
  readonly params?: TObject;
  readonly query?: TObject;
  readonly headers?: readonly RouteHeader[];
  readonly body?: {
    readonly isRequired: boolean;
    /** True: raw bytes of any length, passed on as they come. */
    readonly isStream: boolean;
    /** True: whoever answers holds it against the schema, and tells what else is wrong with it at the same time. */
    readonly isReadByHandler?: boolean;
    readonly content: MediaType;
  };
  readonly responses: Readonly<Record<number, RouteResponse>>;
  /**
   * How a repetition with the same `Idempotency-Key` is kept from taking effect twice. `stored`: the key is written together with
   * the effect. `untold`: so too, but its answer may tell a secret, of which no copy is kept: it is made again. `in-guest`: the effect is in a guest, or at a vendor of an integration, and the key is written before it. Absent: repeating it does no harm.
   */
  readonly keyed?: 'stored' | 'untold' | 'in-guest';
  /** Reasons of its own errors, by status. */
  readonly errors: Readonly<Record<number, readonly string[]>>;
}

type StaticOf<S> = S extends TSchema ? Static<S> : undefined;
type BodyOf<R extends Route> = R extends { readonly body: { readonly content: { readonly schema: infer S } } }
  ? StaticOf<S>
  : undefined;

/** The parsed parts of a request to this route. */
export interface RequestOf<R extends Route> {
  Params: R extends { readonly params: infer S } ? StaticOf<S> : unknown;
  Querystring: R extends { readonly query: infer S } ? StaticOf<S> : unknown;
  Body: BodyOf<R>;
}

/** What the routes of `/v1` are about. */
export const TAGS = {
  vms: 'Virtual machines, and containers where a driver has them.',
  executions: 'Commands in VMs.',
  metrics: 'What VMs and hosts use, and alerts about it.',
  workloads: 'What a template has run in a VM, and how it is.',
  files: 'Files in VMs.',
  ports: 'Ports of VMs, reached without a network.',
  operations: 'What was asked for and takes its time.',
  events: 'What has happened, as it happens.',
  logs: 'Lines of consoles, workloads, operations and the server.',
  images: 'What the disks of VMs are made of.',
  tools: 'Programs that VMs are made with.',
  hosts: 'Machines that VMs run on.',
  snapshots: 'VMs as they were, memory and disk.',
  system: 'What the server takes, and how it is.',
  templates: 'What VMs are made from, by versions.',
  'warm-templates': 'Guests that have booted, from which VMs begin as forks.',
  deployments: 'Replicas of one VM.',
  workspaces: 'VMs of somebody’s own for a time.',
  integrations: 'GitHub, Slack and Discord, where people work.',
  webhooks: 'Events that are sent to a URL.',
  users: 'Who may do what.',
  auth: 'Logging in, and oneself.',
  secrets: 'What VMs are given and nobody is shown.',
  networks: 'How VMs reach each other, and out.',
  volumes: 'Disks that outlive their VMs.',
  'security-groups': 'Rules of what may come in and go out.',
  audit: 'Who did what.',
  quota: 'What one may have.',
  server: 'What this server is and can do.',
} as const;
type Tag = keyof typeof TAGS;

/** Keeps the exact types of a route of `/v1`. */
export function route<const R extends Route & { readonly tag: Tag }>(definition: R): R {
  return definition;
}

/** Keeps the exact types of a route of a dialect. */
export function dialectRoute<const R extends Route>(definition: R): R {
  return definition;
}

export const JSON_TYPE = 'application/json';
export const PROBLEM_TYPE = 'application/problem+json';
export const NDJSON_TYPE = 'application/x-ndjson';
export const SSE_TYPE = 'text/event-stream';
export const BYTES_TYPE = 'application/octet-stream';
export const TEXT_TYPE = 'text/plain';
export const HTML_TYPE = 'text/html';

/** A JSON body. */
export function json<const S extends TSchema>(schema: S) {
  return { contentType: JSON_TYPE, schema };
}

/** A JSON body of a request. */
export function jsonBody<const S extends TSchema>(schema: S, { isRequired }: { readonly isRequired: boolean }) {
  return { isRequired, isStream: false, content: json(schema) };
}

/** Raw bytes, of any length. */
export const Bytes = Type.String({ format: 'binary', description: 'Raw bytes.', examples: ['hello'] });

export const BYTES_BODY = {
  isRequired: false,
  isStream: true,
  content: { contentType: BYTES_TYPE, schema: Bytes },
} as const;

export const PROBLEM_CONTENT = [{ contentType: PROBLEM_TYPE, schema: Problem }] as const;

export const LOCATION: RouteHeader = {
  name: 'Location',
  description: 'Where to follow its progress.',
  example: '/v1/operations/op_01kahx6z4rf8r9y6m3s2t1v0wr',
};
export const ETAG: RouteHeader = {
  name: 'ETag',
  description: 'Of this state of the resource; strong.',
  example: '"vm_01kahx6z4qf8r9y6m3s2t1v0wq.6"',
};
export const PREFERENCE_APPLIED: RouteHeader = {
  name: 'Preference-Applied',
  description: 'The preference that was honoured.',
  example: 'wait=30',
};
export const PREFER: RouteHeader = {
  name: 'Prefer',
  description: '`wait=N`: answer with the result when it is there within N (at most 300) seconds (RFC 7240).',
  example: 'wait=30',
};
export const IDEMPOTENCY_KEY: RouteHeader = {
  name: 'Idempotency-Key',
  description:
    'A key of your choice, 1 to 255 printable ASCII characters: a request that is repeated with it takes effect once, and is answered as it was first, for 24 hours.',
  example: '9f1c2a7e5b3d4860a1c2e3f405162738',
};
export const IDEMPOTENCY_REPLAYED: RouteHeader = {
  name: 'Idempotency-Replayed',
  description: '`true` when the request had taken effect before, by its `Idempotency-Key`.',
  example: 'true',
};
export const IF_MATCH: RouteHeader = {
  name: 'If-Match',
  description: 'Change it only if its ETag is still this one; else 412.',
  example: ETAG.example,
};
/** The same two of what tells its states apart by something else: by what, and how one looks. */
export function etagOf(
  description: string,
  example: string,
): { readonly ETAG: RouteHeader; readonly IF_MATCH: RouteHeader } {
  return { ETAG: { ...ETAG, description, example }, IF_MATCH: { ...IF_MATCH, example } };
}
export const IF_NONE_MATCH: RouteHeader = {
  name: 'If-None-Match',
  description: 'Answer 304 if its ETag is still this one.',
  example: ETAG.example,
};

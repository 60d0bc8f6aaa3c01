import { type Static, Type } from 'typebox';
import { LIMITS } from './limits.ts';
import { component, nullable, nullableInteger, nullableString, stringEnum, timestamp } from './schema.ts';
import { Port } from './workload.ts';

export const HEALTH_CHECK_TYPES = ['http', 'tcp', 'exec'] as const;
const NO_NUL = '^[^\\u0000]*$';
const { healthCheck } = LIMITS;
const STATUSES = '^[1-5][0-9]{2}(-[1-5][0-9]{2})?$';

const times = {
  interval_ms: Type.Integer({ ...healthCheck.intervalMs, description: 'From one check to the next. Default: 10000.' }),
  timeout_ms: Type.Integer({ ...healthCheck.timeoutMs, description: 'How long one may take. Default: 5000.' }),
  start_period_ms: Type.Integer({
    ...healthCheck.startPeriodMs,
    description: 'Failures within this time after the start do not count. Default: 30000.',
  }),
  healthy_threshold: Type.Integer({
    ...healthCheck.threshold,
    description: 'So many in a row that succeed make it healthy. Default: 1.',
  }),
  unhealthy_threshold: Type.Integer({
    ...healthCheck.threshold,
    description: 'So many in a row that fail make it unhealthy. Default: 3.',
  }),
};

/** In requests and in manifests. */
export const HealthCheckRequest = component(
  'HealthCheckRequest',
  {
    type: stringEnum(HEALTH_CHECK_TYPES, {
      description:
        '`http`: a GET is answered as expected; `tcp`: the port takes a connection; `exec`: the command exits with 0.',
    }),
    port: Type.Optional(Port),
    path: Type.Optional(
      Type.String({
        maxLength: 2048,
        pattern: '^/[^\\u0000-\\u0020]*$',
        description: 'Of an http check. Default: `/`.',
      }),
    ),
    expected_status: Type.Optional(
      Type.Unsafe<number | string>({
        anyOf: [
          { type: 'integer', minimum: 100, maximum: 599 },
          { type: 'string', pattern: STATUSES },
        ],
        description: 'The HTTP status that is good, or a range of them. Default: `200-399`.',
        examples: ['200-399'],
      }),
    ),
    command: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: LIMITS.workload.commandLength,
        pattern: NO_NUL,
        description: 'Of an exec check: a line for `/bin/sh -c`. Either this or `argv`.',
      }),
    ),
    argv: Type.Optional(
      Type.Array(Type.String({ maxLength: LIMITS.workload.commandLength, pattern: NO_NUL }), {
        minItems: 1,
        maxItems: 256,
        description: 'Of an exec check: program and arguments. Either this or `command`.',
      }),
    ),
    interval_ms: Type.Optional(times.interval_ms),
    timeout_ms: Type.Optional(times.timeout_ms),
    start_period_ms: Type.Optional(times.start_period_ms),
    healthy_threshold: Type.Optional(times.healthy_threshold),
    unhealthy_threshold: Type.Optional(times.unhealthy_threshold),
  },
  {
    description: "How it is found out whether a VM does its work. Without a port: the workload's.",
    examples: [{ type: 'http', port: 8080, path: '/healthz', interval_ms: 5_000 }],
  },
);
export type HealthCheckRequest = Static<typeof HealthCheckRequest>;

export const HealthCheck = component(
  'HealthCheck',
  {
    type: stringEnum(HEALTH_CHECK_TYPES, { description: 'How it is checked.' }),
    port: nullableInteger({ minimum: 1, maximum: 65_535, description: 'Of an http or tcp check.' }),
    path: nullableString({ description: 'Of an http check.' }),
    expected_status: nullableString({ pattern: STATUSES, description: 'Of an http check.' }),
    argv: Type.Unsafe<readonly string[] | null>({
      type: ['array', 'null'],
      items: { type: 'string' },
      description: 'Of an exec check.',
    }),
    ...times,
  },
  {
    description: 'How it is found out whether a VM does its work.',
    examples: [
      {
        type: 'http',
        port: 8080,
        path: '/healthz',
        expected_status: '200-399',
        argv: null,
        interval_ms: 10_000,
        timeout_ms: 5_000,
        start_period_ms: 30_000,
        healthy_threshold: 1,
        unhealthy_threshold: 3,
      },
    ],
  },
);
export type HealthCheck = Static<typeof HealthCheck>;

export const LastHealthCheck = component(
  'LastHealthCheck',
  {
    at: timestamp('When it was answered, or given up.'),
    ok: Type.Boolean({ description: 'Whether it succeeded.' }),
    message: Type.String({ description: 'What came of it.' }),
    consecutive_successes: Type.Integer({ minimum: 0, description: 'In a row, with this one.' }),
    consecutive_failures: Type.Integer({
      minimum: 0,
      description: 'In a row, with this one; those within the start period left out.',
    }),
  },
  {
    description: 'What the last check of a VM came to.',
    examples: [
      {
        at: '2026-01-31T12:00:09.000Z',
        ok: true,
        message: 'GET /healthz is answered with 200.',
        consecutive_successes: 4,
        consecutive_failures: 0,
      },
    ],
  },
);
export type LastHealthCheck = Static<typeof LastHealthCheck>;

/** Null where there is no check, or this server has not asked yet. */
export const lastCheckField = { last_check: nullable(LastHealthCheck) };

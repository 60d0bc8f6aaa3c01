import { type Static, Type } from 'typebox';
import { Problem } from './errors.ts';
import { EXAMPLE_IDS } from './ids.ts';
import { component, enumComponent, jsonObject, nullableString, pageOf, stringEnum, timestamp } from './schema.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export const LogLevel = enumComponent('LogLevel', LOG_LEVELS, 'How grave it is, the least first.');
export type LogLevel = Static<typeof LogLevel>;

export const LOG_SOURCES = ['console', 'stdout', 'stderr', 'operation', 'execution', 'engine', 'server'] as const;
export const LogSource = enumComponent(
  'LogSource',
  LOG_SOURCES,
  'Who said it. `console`, `stdout`, `stderr`: a guest, the latter two its workload. `operation`, `execution`, `engine`: what happened to operations, to commands, and to all else. `server`: the server of itself.',
);
export type LogSource = Static<typeof LogSource>;

export const LOG_MARKS = ['truncated', 'invalid_utf8', 'gap', 'partial'] as const;

const EXAMPLE_LINE = {
  sequence: 114_840_215_552_001,
  timestamp: '2026-01-31T12:00:03.250Z',
  level: 'warn',
  source: 'stderr',
  message: 'connection refused, trying again',
  vm_id: EXAMPLE_IDS.vm,
  operation_id: null,
  execution_id: EXAMPLE_IDS.execution,
  owner: 'admin',
  fields: {},
  marks: [],
} as const;

export const LogLine = component(
  'LogLine',
  {
    sequence: Type.Integer({
      minimum: 1,
      description:
        'Grows from line to line and is never used again; not every number is used. To be given as `cursor`.',
    }),
    timestamp: timestamp('When it came to the server, or when what it tells of happened.'),
    level: LogLevel,
    source: LogSource,
    message: Type.String({ description: 'Its text, without the end of the line, at most 16 KiB.' }),
    vm_id: nullableString({ description: 'The VM that it is of.' }),
    operation_id: nullableString({ description: 'The operation that it is about.' }),
    execution_id: nullableString({
      description:
        'The command that it is about, or the workload that wrote it: `/v1/executions/{id}/output` has all it wrote.',
    }),
    owner: nullableString({ description: 'Whose VM that is; null for what is nobody’s.' }),
    fields: jsonObject({ description: 'What else is known, by source.' }),
    marks: Type.Array(stringEnum(LOG_MARKS), {
      description:
        '`truncated`: it was longer. `invalid_utf8`: what was no text is U+FFFD. `gap`: output is missing here, as the message says. `partial`: it had no end when nothing more had come for a while, as a prompt has none, or its end is missing; what comes then is a line of its own.',
    }),
  },
  { description: 'A line of the log.', examples: [EXAMPLE_LINE] },
);
export type LogLine = Static<typeof LogLine>;

export const LogPage = pageOf('LogPage', LogLine, EXAMPLE_LINE);
export type LogPage = Static<typeof LogPage>;

const Reached = Type.Integer({
  minimum: 0,
  description: 'All lines up to this one have been sent, or were not asked for: resume after it.',
});
const problem = {
  type: '/docs/errors#unavailable',
  title: 'Unavailable',
  status: 503,
  code: 'unavailable',
  reason: 'logs.unavailable',
  detail: 'The log is unavailable: the disk is full.',
  retryable: true,
  request_id: EXAMPLE_IDS.request,
};

/** What comes of a log that is followed, by its `type`: each a line of NDJSON, or a message of a WebSocket. */
export const LOG_MESSAGES = {
  line: component(
    'LogLineMessage',
    { type: stringEnum(['line']), line: LogLine },
    { description: 'A line.', examples: [{ type: 'line', line: EXAMPLE_LINE }] },
  ),
  progress: component(
    'LogProgress',
    { type: stringEnum(['progress']), sequence: Reached },
    {
      description: 'First of all, and whenever nothing came for a while: how far it is.',
      examples: [{ type: 'progress', sequence: 114_840_215_552_001 }],
    },
  ),
  error: component(
    'LogError',
    { type: stringEnum(['error']), problem: Problem },
    { description: 'The last one: why there is no more.', examples: [{ type: 'error', problem }] },
  ),
} as const;
export type LogMessage = {
  [Kind in keyof typeof LOG_MESSAGES]: Static<(typeof LOG_MESSAGES)[Kind]>;
}[keyof typeof LOG_MESSAGES];

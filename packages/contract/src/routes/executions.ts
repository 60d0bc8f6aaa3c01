import { Type } from 'typebox';
import {
  CancelExecutionRequest,
  ExecEvent,
  ExecRequest,
  Execution,
  ExecutionPage,
  FinishedExecution,
  SignalRequest,
  StdinAccepted,
  TtySize,
} from '../executions.ts';
import { ByteOffset, ExecutionParams, flag, Limit, VmRefParams } from '../parameters.ts';
import { BYTES_BODY, BYTES_TYPE, Bytes, json, jsonBody, LOCATION, NDJSON_TYPE, route } from '../route.ts';
import { object, stringEnum } from '../schema.ts';

const UNKNOWN = ['execution.unknown'] as const;
const NDJSON = { contentType: NDJSON_TYPE, schema: ExecEvent } as const;

export const execInVm = route({
  method: 'POST',
  path: '/v1/vms/{ref}/exec',
  operationId: 'execInVm',
  tag: 'executions',
  summary: 'Run a command in a VM',
  description:
    'The answer is a stream of JSON lines, or, with `Accept: application/json`, the finished execution with its output. Letting go of the stream does not end the command.',
  permission: 'vm:exec',
  action: 'vm.exec',
  params: VmRefParams,
  headers: [
    {
      name: 'Accept',
      description: '`application/x-ndjson` (the default) or `application/json`.',
      example: 'application/json',
    },
  ],
  body: jsonBody(ExecRequest, { isRequired: true }),
  responses: {
    200: { description: 'What the command does, or did.', content: [NDJSON, json(FinishedExecution)] },
    202: {
      description: 'With `detach`: it runs.',
      content: [json(Execution)],
      headers: [{ ...LOCATION, example: '/v1/executions/exec_01kahx6z4sf8r9y6m3s2t1v0ws' }],
    },
  },
  keyed: 'stored',
  errors: {
    404: ['vm.unknown', 'execution.unknown'],
    409: ['vm.not_running', 'vm.suspended'],
    429: ['host.no_memory', 'quota.exceeded'],
  },
});

export const getExecution = route({
  method: 'GET',
  path: '/v1/executions/{id}',
  operationId: 'getExecution',
  tag: 'executions',
  summary: 'Get an execution',
  permission: 'vm:read',
  params: ExecutionParams,
  responses: { 200: { description: 'The execution.', content: [json(Execution)] } },
  errors: { 404: UNKNOWN },
});

export const listExecutions = route({
  method: 'GET',
  path: '/v1/vms/{ref}/executions',
  operationId: 'listExecutions',
  tag: 'executions',
  summary: 'List the executions of a VM, newest first',
  permission: 'vm:read',
  params: VmRefParams,
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(
        Type.String({ pattern: '^exec_[0-9a-z]{26}$', description: 'The `next_cursor` of the page before.' }),
      ),
    },
    { description: 'What to list.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(ExecutionPage)] } },
  errors: { 404: ['vm.unknown'] },
});

export const readOutput = route({
  method: 'GET',
  path: '/v1/executions/{id}/output',
  operationId: 'readOutput',
  tag: 'executions',
  summary: 'Read the output of an execution',
  description:
    'Raw bytes of one stream; of both as JSON lines that tell them apart, or mixed with `raw`. The lines end with `completed` if the command has ended.',
  permission: 'vm:read',
  params: ExecutionParams,
  query: object(
    {
      from: Type.Optional(ByteOffset),
      stream: Type.Optional(stringEnum(['stdout', 'stderr', 'both'], { description: 'Which. Default: both.' })),
      follow: Type.Optional(flag('Go on with what comes until the command has ended.')),
      raw: Type.Optional(flag('Bytes of both streams as they came, without telling them apart.')),
    },
    { description: 'What to read.' },
  ),
  responses: {
    200: { description: 'Its output.', content: [{ contentType: BYTES_TYPE, schema: Bytes }, NDJSON] },
  },
  errors: { 404: UNKNOWN },
});

export const writeStdin = route({
  method: 'POST',
  path: '/v1/executions/{id}/stdin',
  operationId: 'writeStdin',
  tag: 'executions',
  summary: 'Feed a command',
  description:
    'With `offset`, bytes that it has already are skipped, so that a request may be sent again; without, they come after what it has.',
  permission: 'vm:exec',
  action: 'execution.write-stdin',
  params: ExecutionParams,
  query: object(
    {
      offset: Type.Optional(ByteOffset),
      end: Type.Optional(flag('This is the last of its input.')),
    },
    { description: 'Where in its input the bytes stand.' },
  ),
  body: BYTES_BODY,
  responses: { 200: { description: 'It has them.', content: [json(StdinAccepted)] } },
  errors: { 404: UNKNOWN, 409: ['execution.stdin_gap', 'execution.stdin_closed', 'execution.not_running'] },
});

export const signalExecution = route({
  method: 'POST',
  path: '/v1/executions/{id}/signal',
  operationId: 'signalExecution',
  tag: 'executions',
  summary: 'Send a signal to a command and its children',
  permission: 'vm:exec',
  action: 'execution.signal',
  params: ExecutionParams,
  body: jsonBody(SignalRequest, { isRequired: true }),
  responses: { 204: { description: 'Sent.', content: [] } },
  keyed: 'in-guest',
  errors: { 400: ['execution.unknown_signal'], 404: UNKNOWN, 409: ['execution.not_running'] },
});

export const cancelExecution = route({
  method: 'POST',
  path: '/v1/executions/{id}/cancel',
  operationId: 'cancelExecution',
  tag: 'executions',
  summary: 'End a command and its children',
  description: 'SIGTERM, and SIGKILL to what is left of it after the grace. Answers when it has ended.',
  permission: 'vm:exec',
  action: 'execution.cancel',
  params: ExecutionParams,
  body: jsonBody(CancelExecutionRequest, { isRequired: false }),
  responses: { 200: { description: 'The execution, which is over.', content: [json(Execution)] } },
  keyed: 'in-guest',
  errors: { 404: UNKNOWN, 409: ['execution.not_running'], 504: ['execution.not_ended'] },
});

export const resizeExecution = route({
  method: 'POST',
  path: '/v1/executions/{id}/resize',
  operationId: 'resizeExecution',
  tag: 'executions',
  summary: 'Tell a command on a terminal its new size',
  permission: 'vm:exec',
  action: 'execution.resize',
  params: ExecutionParams,
  body: jsonBody(TtySize, { isRequired: true }),
  responses: { 204: { description: 'Told.', content: [] } },
  errors: { 404: UNKNOWN, 409: ['execution.not_running'] },
});

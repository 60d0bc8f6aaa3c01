import { type BatchItemRequest, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { VolaryError } from '../../domain/errors.ts';
import type { ExecRequest } from '../../domain/execution/execution.ts';
import type { BatchItemRequest as AskedItem, BatchTarget } from '../../engine/apis/batch-api.ts';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { invalidFields } from '../validation.ts';
import { answerOperation } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toExecRequest } from './dto/execution-dto.ts';
import { toCreateVm } from './dto/vm-dto.ts';

const DEFAULT_GRACE_MS = 30_000;
const DEFAULT_CONCURRENCY = 8;
/** A command without an end would leave its batch without one. */
const DEFAULT_TIMEOUT_MS = 600_000;

/** One request for many VMs; in the scope of what takes YAML too. */
export function mountBatches(app: FastifyInstance, context: V1Context): void {
  mount(app, routes.runBatch, async (request, reply) => {
    const { items, concurrency = DEFAULT_CONCURRENCY, stop_on_error: isStoppedByError = false } = request.body;
    const asked = { isStoppedByError, concurrency, items: await Promise.all(items.map(toItem)) };
    const operation = await context.engine.batches.run(request.principal, asked, onceOf(request));
    return await answerOperation(context, request, reply, { operation, vm: null });
  });
}

/** What these take; the others take which VM, and a grace that means nothing to most of them. */
const CREATE_FIELDS: readonly string[] = ['action', 'spec'];
const EXEC_FIELDS: readonly string[] = [
  ...['action', 'vm', 'selector', 'argv', 'command'],
  ...['env', 'cwd', 'user', 'timeout_ms'],
];
const OTHER_FIELDS: readonly string[] = ['action', 'vm', 'selector', 'grace_ms'];

/** Throws `invalid_argument` request.invalid, naming the field, where an item has what its action does not take, or lacks what it does. */
async function toItem(item: BatchItemRequest, index: number): Promise<AskedItem> {
  const { action, spec, grace_ms: graceMs = DEFAULT_GRACE_MS } = item;
  switch (action) {
    case 'create':
      requireOnly(item, index, CREATE_FIELDS);
      if (spec === undefined) throw wrong(index, 'spec', 'is required', ['spec']);
      return { action, request: await toCreateVm(spec) };
    case 'exec':
      requireOnly(item, index, EXEC_FIELDS);
      return { action, target: toTarget(item, index), request: toCommand(item, index) };
    default:
      requireOnly(item, index, OTHER_FIELDS);
      return {
        ...{ action, target: toTarget(item, index) },
        graceMs: action === 'stop' || action === 'restart' ? graceMs : 0,
      };
  }
}

function toTarget({ vm, selector }: BatchItemRequest, index: number): BatchTarget {
  if (vm !== undefined && selector === undefined) return { vm };
  if (selector !== undefined && vm === undefined) return { selector };
  throw wrong(index, 'vm', 'or selector is required, and not both', ['vm', 'selector']);
}

function toCommand(
  { argv, command, env, cwd, user, timeout_ms = DEFAULT_TIMEOUT_MS }: BatchItemRequest,
  index: number,
): ExecRequest {
  if ((argv === undefined) === (command === undefined))
    throw wrong(index, 'argv', 'or command is required, and not both', ['argv', 'command']);
  return toExecRequest({
    ...(argv === undefined ? {} : { argv }),
    ...(command === undefined ? {} : { command }),
    ...(env === undefined ? {} : { env }),
    ...(cwd === undefined ? {} : { cwd }),
    ...(user === undefined ? {} : { user }),
    timeout_ms,
  });
}

function requireOnly(item: BatchItemRequest, index: number, fields: readonly string[]): void {
  const stray = Object.keys(item).find((field) => !fields.includes(field));
  if (stray !== undefined) throw wrong(index, stray, `is nothing that ${item.action} takes`, fields);
}

function wrong(index: number, field: string, message: string, allowed: readonly string[]): VolaryError {
  return invalidFields([{ field: `items[${index}].${field}`, message, allowed }]);
}

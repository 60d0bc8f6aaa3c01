import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { onceOf } from '../idempotency.ts';
import { answerOperation } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { mount } from './mount.ts';

const DEFAULT_GRACE_MS = 30_000;
const DEFAULT_CONCURRENCY = 8;

/** One request for many VMs; in the scope of what takes YAML too. */
export function mountBatches(app: FastifyInstance, context: V1Context): void {
  mount(app, routes.runBatch, async (request, reply) => {
    const { items, concurrency = DEFAULT_CONCURRENCY, stop_on_error: isStoppedByError = false } = request.body;
    const asked = {
      ...{ isStoppedByError, concurrency },
      items: items.map(({ action, vm, grace_ms: graceMs = DEFAULT_GRACE_MS }) => ({
        ...{ action, vm },
        graceMs: action === 'stop' || action === 'restart' ? graceMs : 0,
      })),
    };
    const operation = await context.engine.batches.run(request.principal, asked, onceOf(request));
    return await answerOperation(context, request, reply, { operation, vm: null });
  });
}

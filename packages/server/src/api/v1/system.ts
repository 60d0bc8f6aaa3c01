import { DEFAULT_PRUNE_KINDS, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { COMPONENT_STATES } from '../../domain/system/component.ts';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { answerOperation } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toStorageUseDto } from './dto/system-dto.ts';

/** What takes room on the host, and its removal. */
export function mountSystem(app: FastifyInstance, context: V1Context): void {
  const { engine, signals } = context;

  mount(app, routes.getSystemUsage, async (request, reply) => {
    const uses = await engine.system.usage(request.principal, { signal: signals.of(reply) });
    return { items: uses.map(toStorageUseDto) };
  });

  mount(app, routes.getSystemHealth, async ({ principal }) => {
    const components = await engine.system.components(principal);
    const worst = COMPONENT_STATES.findLast((state) => components.some((component) => component.state === state));
    return {
      status: worst ?? 'ok',
      components: components.map(({ name, state, why, detail }) => ({ name, status: state, why, detail })),
    };
  });

  mount(app, routes.pruneSystem, async (request, reply) => {
    const { kinds = DEFAULT_PRUNE_KINDS, dry_run: isDryRun = false } = request.body ?? {};
    const operation = await engine.system.prune(request.principal, { kinds, isDryRun }, onceOf(request));
    return await answerOperation(context, request, reply, { operation, vm: null });
  });
}

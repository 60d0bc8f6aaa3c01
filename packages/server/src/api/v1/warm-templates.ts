import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { answerOperation } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toPartialSpec } from './dto/vm-dto.ts';
import { toWarmTemplateDto } from './dto/warm-template-dto.ts';

/** Warm templates: list, build, remove. */
export function mountWarmTemplates(app: FastifyInstance, context: V1Context): void {
  const { engine, signals } = context;

  mount(app, routes.listWarmTemplates, async (request, reply) => {
    const entries = await engine.warmTemplates.list(request.principal, { signal: signals.of(reply) });
    return { items: entries.map(toWarmTemplateDto), next_cursor: null };
  });

  mount(app, routes.buildWarmTemplate, async (request, reply) => {
    const kind = toPartialSpec(request.body ?? {});
    const operation = await engine.warmTemplates.build(request.principal, kind, onceOf(request));
    return await answerOperation(context, request, reply, { operation, vm: null });
  });

  mount(app, routes.deleteWarmTemplate, async (request, reply) => {
    await engine.warmTemplates.remove(request.principal, request.params.key, { signal: signals.of(reply) });
    return await reply.code(204).send();
  });
}

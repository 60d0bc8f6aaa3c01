import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { answerOperation } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toImageDto, toImageEntryDto } from './dto/image-dto.ts';
import { toImageDefinition } from './dto/image-origin-dto.ts';
import { selected } from './parse-param.ts';

/** Images: list, define, change, build, remove. */
export function mountImages(app: FastifyInstance, context: V1Context): void {
  const { images } = context.engine;

  mount(app, routes.listImages, async (request) => {
    const entries = await images.list(request.principal, selected(request.query.selector));
    return { items: entries.map(toImageEntryDto), next_cursor: null };
  });

  mount(app, routes.getImage, async (request) =>
    toImageEntryDto(await images.get(request.principal, request.params.name)),
  );

  mount(app, routes.defineImage, async (request, reply) => {
    const { name, labels = null } = request.body;
    const definition = toImageDefinition(request.body);
    const operation = await images.define(request.principal, { name, definition, labels }, onceOf(request));
    return await answerOperation(context, request, reply, { operation, vm: null });
  });

  mount(app, routes.updateImage, async (request) =>
    toImageEntryDto(await images.update(request.principal, request.params.name, request.body)),
  );

  mount(app, routes.buildImage, async (request, reply) => {
    const operation = await images.build(request.principal, request.params.name, onceOf(request));
    return await answerOperation(context, request, reply, { operation, vm: null });
  });

  mount(app, routes.deleteImage, async (request) => {
    const removed = await images.remove(request.principal, request.params.name);
    return { items: removed.map(toImageDto) };
  });
}

import { routes, type ToolEntry as ToolEntryDto, type ToolPack as ToolPackDto } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { ToolPack } from '../../domain/tool/tool.ts';
import type { ToolEntry } from '../../engine/apis/tool-api.ts';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import { answerOperation } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toIso } from './dto/to-iso.ts';
import { selected } from './parse-param.ts';

/** Tools: list, build, change, remove. */
export function mountTools(app: FastifyInstance, context: V1Context): void {
  const { tools } = context.engine;

  mount(app, routes.listTools, async (request) => {
    const entries = await tools.list(request.principal, selected(request.query.selector));
    return { items: entries.map(toToolEntryDto), next_cursor: null };
  });

  mount(app, routes.updateTool, async (request) =>
    toToolEntryDto(await tools.update(request.principal, request.params.name, request.body)),
  );

  mount(app, routes.buildTool, async (request, reply) => {
    const wanted = { name: request.params.name, range: request.body?.version ?? null };
    const operation = await tools.build(request.principal, wanted, onceOf(request));
    return await answerOperation(context, request, reply, { operation, vm: null });
  });

  mount(app, routes.deleteTool, async (request) => {
    const removed = await tools.remove(request.principal, request.params.name);
    return { items: removed.map(toToolPackDto) };
  });
}

function toToolEntryDto({ name, description, aliases, sources, packs, labels }: ToolEntry): ToolEntryDto {
  return {
    ...{ name, description, aliases: [...aliases], sources: [...sources] },
    packs: packs.map(toToolPackDto),
    labels: { ...labels },
  };
}

/** A pack as `/v1` shows it: without its path on the host. */
function toToolPackDto({ name, version, digest, sizeBytes, builtAt, usedAt }: ToolPack): ToolPackDto {
  return { name, version, digest, size_bytes: sizeBytes, built_at: toIso(builtAt), used_at: toIso(usedAt) };
}

import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toFileDto } from './dto/file-dto.ts';

/** Files of guests, besides their content: list, stat, mkdir, rename, remove. */
export function mountFiles(app: FastifyInstance, { engine: { files }, signals }: V1Context): void {
  mount(app, routes.listFiles, async (request, reply) => {
    const { path, limit = 50, cursor } = request.query;
    const options = { signal: signals.of(reply), limit, ...(cursor === undefined ? {} : { after: cursor }) };
    const page = await files.list(request.principal, request.params.ref, path, options);
    return { items: page.files.map(toFileDto), next_cursor: page.hasMore ? (page.files.at(-1)?.name ?? null) : null };
  });

  mount(app, routes.statFile, async (request, reply) => {
    return toFileDto(
      await files.stat(request.principal, request.params.ref, request.query.path, { signal: signals.of(reply) }),
    );
  });

  mount(app, routes.makeDirectory, async (request, reply) => {
    const { path, parents = false } = request.body;
    await files.makeDirectory(request.principal, request.params.ref, path, {
      signal: signals.of(reply),
      makeParents: parents,
    });
    return await reply.code(204).send();
  });

  mount(app, routes.renameFile, async (request, reply) => {
    const { from, to } = request.body;
    await files.rename(request.principal, request.params.ref, from, to, { signal: signals.of(reply) });
    return await reply.code(204).send();
  });

  mount(app, routes.deleteFile, async (request, reply) => {
    const { path, recursive = false } = request.query;
    await files.remove(request.principal, request.params.ref, path, {
      signal: signals.of(reply),
      isRecursive: recursive,
    });
    return await reply.code(204).send();
  });
}

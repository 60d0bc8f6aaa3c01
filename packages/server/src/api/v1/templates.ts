import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { onceOf } from '../idempotency.ts';
import { readManifest } from '../manifests/read-manifest.ts';
import { mount } from '../mount.ts';
import { answerTemplate } from './answer-change.ts';
import type { V1Context } from './context.ts';
import { toTemplateDto, toTemplateEntryDto } from './dto/template-dto.ts';
import { selected } from './parse-param.ts';

/** In the scope of what takes YAML too. */
export function mountTemplateInstallation(app: FastifyInstance, context: V1Context): void {
  mount(app, routes.createTemplate, async (request, reply) => {
    const asked = await readManifest(request.body);
    const operation = await context.engine.templates.create(request.principal, asked, onceOf(request));
    return await answerTemplate(context, request, reply, operation);
  });
}

/** Templates: list, get, versions, enable, disable, delete. */
export function mountTemplates(app: FastifyInstance, context: V1Context): void {
  const { templates } = context.engine;

  mount(app, routes.listTemplates, async (request) => {
    const { limit = 50, cursor = null, selector } = request.query;
    const page = await templates.list(request.principal, { limit, after: cursor, ...selected(selector) });
    return { items: page.items.map(toTemplateEntryDto), next_cursor: page.next };
  });

  mount(app, routes.getTemplate, async (request) =>
    toTemplateDto(await templates.get(request.principal, request.params.ref)),
  );

  mount(app, routes.listTemplateVersions, async (request) => {
    const versions = await templates.versions(request.principal, request.params.name);
    return { items: versions.map(toTemplateDto) };
  });

  mount(app, routes.enableTemplate, async (request) => {
    const switched = await templates.setEnabled(request.principal, request.params.ref, true);
    return { items: switched.map(toTemplateDto) };
  });

  mount(app, routes.disableTemplate, async (request) => {
    const switched = await templates.setEnabled(request.principal, request.params.ref, false);
    return { items: switched.map(toTemplateDto) };
  });

  mount(app, routes.deleteTemplate, async (request) => {
    const removed = await templates.delete(request.principal, request.params.ref);
    return { items: removed.map(toTemplateDto) };
  });
}

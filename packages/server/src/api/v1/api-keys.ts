import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { onceOf } from '../idempotency.ts';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toApiKeyDto, toMadeApiKeyDto } from './dto/user-dto.ts';
import { cursorParam, idParam, selected } from './parse-param.ts';

/** API keys: create, list, get, update, revoke. */
export function mountApiKeys(app: FastifyInstance, { engine: { apiKeys } }: V1Context): void {
  mount(app, routes.createApiKey, async (request, reply) => {
    const { name, owner = null, permissions = null, expires_at: expiry = null, labels = {} } = request.body;
    const expiresAt = expiry === null ? null : Date.parse(expiry);
    const asked = { name, owner, permissions, expiresAt, labels };
    const made = await apiKeys.create(request.principal, asked, onceOf(request));
    reply.header('location', `/v1/api-keys/${made.apiKey.id}`).header('cache-control', 'no-store');
    return await reply.code(201).send(toMadeApiKeyDto(made));
  });

  mount(app, routes.listApiKeys, async (request) => {
    const { limit = 50, cursor, owner, selector } = request.query;
    const of = owner === undefined ? {} : { owner };
    const asked = { limit, after: cursorParam('key', cursor), ...of, ...selected(selector) };
    const page = await apiKeys.list(request.principal, asked);
    return { items: page.items.map(toApiKeyDto), next_cursor: page.next };
  });

  mount(app, routes.getApiKey, async (request) =>
    toApiKeyDto(await apiKeys.get(request.principal, idParam('key', 'id', request.params.id))),
  );

  mount(app, routes.updateApiKey, async (request) =>
    toApiKeyDto(await apiKeys.update(request.principal, idParam('key', 'id', request.params.id), request.body)),
  );

  mount(app, routes.deleteApiKey, async (request, reply) => {
    await apiKeys.revoke(request.principal, idParam('key', 'id', request.params.id));
    return await reply.code(204).send();
  });
}

import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toRotatedKeyDto, toSecretDto, toValue } from './dto/secret-dto.ts';
import { cursorParam, selected } from './parse-param.ts';

/** Secrets: create, list, get, set, delete, and the key that seals them. */
export function mountSecrets(app: FastifyInstance, { engine: { secrets } }: V1Context): void {
  mount(app, routes.createSecret, async (request, reply) => {
    const { name, description = '', labels = {} } = request.body;
    const asked = { name, description, labels, value: toValue(request.body) };
    const made = await secrets.create(request.principal, asked);
    return await reply.code(201).header('location', `/v1/secrets/${made.id}`).send(toSecretDto(made));
  });

  mount(app, routes.listSecrets, async (request) => {
    const { limit = 50, cursor, selector } = request.query;
    const asked = { limit, after: cursorParam('sec', cursor), ...selected(selector) };
    const page = await secrets.list(request.principal, asked);
    return { items: page.items.map(toSecretDto), next_cursor: page.next };
  });

  mount(app, routes.getSecret, async (request) =>
    toSecretDto(await secrets.get(request.principal, request.params.ref)),
  );

  mount(app, routes.setSecret, async (request) => {
    const { description, labels } = request.body;
    const asked = {
      value: toValue(request.body),
      ...(description === undefined ? {} : { description }),
      ...(labels === undefined ? {} : { labels }),
    };
    return toSecretDto(await secrets.set(request.principal, request.params.ref, asked));
  });

  mount(app, routes.deleteSecret, async (request, reply) => {
    await secrets.delete(request.principal, request.params.ref);
    return await reply.code(204).send();
  });

  mount(app, routes.rotateSecretsKey, async (request) => toRotatedKeyDto(await secrets.rotateKey(request.principal)));
}

import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toRoleDto } from './dto/user-dto.ts';
import { selected } from './parse-param.ts';

/** Roles: list, get, make or change, delete. */
export function mountRoles(app: FastifyInstance, { engine: { roles } }: V1Context): void {
  mount(app, routes.listRoles, async (request) => {
    const items = await roles.list(request.principal, selected(request.query.selector));
    return { items: items.map(toRoleDto) };
  });

  mount(app, routes.getRole, async (request) => toRoleDto(await roles.get(request.principal, request.params.name)));

  mount(app, routes.putRole, async (request, reply) => {
    const { permissions, description = '', labels = {} } = request.body;
    const asked = { permissions, description, labels };
    const { role, isNew } = await roles.put(request.principal, request.params.name, asked);
    return await reply.code(isNew ? 201 : 200).send(toRoleDto(role));
  });

  mount(app, routes.deleteRole, async (request, reply) => {
    await roles.delete(request.principal, request.params.name);
    return await reply.code(204).send();
  });
}

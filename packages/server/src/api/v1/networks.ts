import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toEgress, toGroupSettings, toNetworkDto, toSecurityGroupDto } from './dto/network-dto.ts';
import { etagOfSettings, unchangedOf } from './etags.ts';
import { cursorParam, selected } from './parse-param.ts';

/** Networks: create, list, get, update, delete. */
export function mountNetworks(app: FastifyInstance, { engine: { networks } }: V1Context): void {
  mount(app, routes.createNetwork, async (request, reply) => {
    const { name, cidr, subnets = [], dns = null, labels = {} } = request.body;
    const { policy, allow = [] } = toEgress(request.body);
    // A list alone means that it is what counts.
    const egress = { policy: policy ?? (allow.length > 0 ? 'allowlist' : 'deny'), allow } as const;
    const made = await networks.create(request.principal, { name, cidr, subnets, egress, dns, labels });
    reply.header('location', `/v1/networks/${made.network.id}`).header('etag', etagOfSettings(made.network));
    return await reply.code(201).send(toNetworkDto(made));
  });

  mount(app, routes.listNetworks, async (request) => {
    const { limit = 50, cursor, selector } = request.query;
    const asked = { limit, after: cursorParam('net', cursor), ...selected(selector) };
    const page = await networks.list(request.principal, asked);
    return { items: page.items.map(toNetworkDto), next_cursor: page.next };
  });

  mount(app, routes.getNetwork, async (request, reply) => {
    const found = await networks.get(request.principal, request.params.ref);
    reply.header('etag', etagOfSettings(found.network));
    return toNetworkDto(found);
  });

  mount(app, routes.updateNetwork, async (request, reply) => {
    const { dns, labels } = request.body;
    const change = {
      egress: toEgress(request.body),
      ...(dns === undefined ? {} : { dns }),
      ...(labels === undefined ? {} : { labels }),
    };
    const changed = await networks.update(request.principal, request.params.ref, change, unchangedOf(request));
    reply.header('etag', etagOfSettings(changed.network));
    return toNetworkDto(changed);
  });

  mount(app, routes.deleteNetwork, async (request, reply) => {
    await networks.delete(request.principal, request.params.ref, unchangedOf(request));
    return await reply.code(204).send();
  });
}

/** Security groups: create, list, get, update, delete. */
export function mountSecurityGroups(app: FastifyInstance, { engine: { securityGroups } }: V1Context): void {
  mount(app, routes.createSecurityGroup, async (request, reply) => {
    const settings = { description: '', labels: {}, ingress: [], egress: null, ...toGroupSettings(request.body) };
    const made = await securityGroups.create(request.principal, { name: request.body.name, ...settings });
    reply.header('location', `/v1/security-groups/${made.id}`).header('etag', etagOfSettings(made));
    return await reply.code(201).send(toSecurityGroupDto(made));
  });

  mount(app, routes.listSecurityGroups, async (request) => {
    const { limit = 50, cursor, selector } = request.query;
    const asked = { limit, after: cursorParam('sg', cursor), ...selected(selector) };
    const page = await securityGroups.list(request.principal, asked);
    return { items: page.items.map(toSecurityGroupDto), next_cursor: page.next };
  });

  mount(app, routes.getSecurityGroup, async (request, reply) => {
    const found = await securityGroups.get(request.principal, request.params.ref);
    reply.header('etag', etagOfSettings(found));
    return toSecurityGroupDto(found);
  });

  mount(app, routes.updateSecurityGroup, async (request, reply) => {
    const settings = toGroupSettings(request.body);
    const { ref } = request.params;
    const changed = await securityGroups.update(request.principal, ref, settings, unchangedOf(request));
    reply.header('etag', etagOfSettings(changed));
    return toSecurityGroupDto(changed);
  });

  mount(app, routes.deleteSecurityGroup, async (request, reply) => {
    await securityGroups.delete(request.principal, request.params.ref, unchangedOf(request));
    return await reply.code(204).send();
  });
}

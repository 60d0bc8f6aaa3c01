import {
  type CreateUserRequest,
  routes,
  type UpdateProfileRequest,
  type UpdateUserRequest,
  type UserDetails,
} from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { CreateUserRequest as NewUser, ProfileChange, UserChange } from '../../engine/apis/user-api.ts';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toQuotaStateDto } from './dto/quota-dto.ts';
import { toMeDto, toQuota, toUserDto } from './dto/user-dto.ts';
import { etagOfSettings, unchangedOf } from './etags.ts';
import { cursorParam, selected } from './parse-param.ts';

/** Users: create, list, get, update, delete, set password. */
export function mountUsers(app: FastifyInstance, { engine: { users, quotas } }: V1Context): void {
  mount(app, routes.createUser, async (request, reply) => {
    const user = await users.create(request.principal, toNewUser(request.body));
    reply.header('location', `/v1/users/${user.id}`).header('etag', etagOfSettings(user));
    return await reply.code(201).send(toUserDto(user));
  });

  mount(app, routes.listUsers, async (request) => {
    const { limit = 50, cursor, state: states = ['active', 'disabled'], selector } = request.query;
    const asked = { limit, after: cursorParam('usr', cursor), states, ...selected(selector) };
    const page = await users.list(request.principal, asked);
    return { items: page.items.map(toUserDto), next_cursor: page.next };
  });

  mount(app, routes.getUser, async (request, reply) => {
    const user = await users.get(request.principal, request.params.ref);
    const state = await quotas.of(request.principal, user.name);
    const details: UserDetails = { ...toUserDto(user), quota_state: toQuotaStateDto(state) };
    return await reply.header('etag', etagOfSettings(user)).send(details);
  });

  mount(app, routes.updateUser, async (request, reply) => {
    const change = toUserChange(request.body);
    const user = await users.update(request.principal, request.params.ref, change, unchangedOf(request));
    return await reply.header('etag', etagOfSettings(user)).send(toUserDto(user));
  });

  mount(app, routes.deleteUser, async (request, reply) => {
    await users.delete(request.principal, request.params.ref, unchangedOf(request));
    return await reply.code(204).send();
  });

  mount(app, routes.setUserPassword, async (request, reply) => {
    await users.setPassword(request.principal, request.params.ref, request.body.password);
    return await reply.code(204).send();
  });
}

/** The own account: who am I, change what is mine to change. */
export function mountOwnAccount(app: FastifyInstance, { engine: { users } }: V1Context): void {
  mount(app, routes.getMe, async ({ principal }) => toMeDto(await users.me(principal), principal));

  mount(app, routes.updateMe, async (request, reply) => {
    const user = await users.updateMe(request.principal, toProfileChange(request.body));
    return await reply.header('etag', etagOfSettings(user)).send(toUserDto(user));
  });
}

function toNewUser(body: CreateUserRequest): NewUser {
  const {
    name,
    email = null,
    display_name: displayName = '',
    roles = ['member'],
    password = null,
    quota = null,
    labels = {},
  } = body;
  return {
    ...{ name, email, displayName, roles: unique(roles), password, labels },
    quota: quota === null ? null : toQuota(quota),
  };
}

function toProfileChange({ email, display_name: displayName }: UpdateProfileRequest): ProfileChange {
  return {
    ...(email === undefined ? {} : { email }),
    ...(displayName === undefined ? {} : { displayName }),
  };
}

function toUserChange({ roles, state, quota, labels, ...profile }: UpdateUserRequest): UserChange {
  return {
    ...toProfileChange(profile),
    ...(roles === undefined ? {} : { roles: unique(roles) }),
    ...(state === undefined ? {} : { state }),
    ...(labels === undefined ? {} : { labels }),
    ...(quota === undefined ? {} : { quota: quota === null ? null : toQuota(quota) }),
  };
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

import { routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toQuotaStateDto } from './dto/quota-dto.ts';

/** What the asker may have, and has. */
export function mountQuota(app: FastifyInstance, { engine: { quotas } }: V1Context): void {
  mount(app, routes.getQuota, async ({ principal }) => toQuotaStateDto(await quotas.own(principal)));
}

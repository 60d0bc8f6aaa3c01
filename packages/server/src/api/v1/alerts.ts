import { type Alert as AlertDto, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import type { Alert } from '../../domain/alert/alert.ts';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toIso, toIsoOrNull } from './dto/to-iso.ts';
import { cursorParam } from './parse-param.ts';

/** What is wrong with VMs. */
export function mountAlerts(app: FastifyInstance, { engine: { alerts } }: V1Context): void {
  mount(app, routes.listAlerts, async ({ principal, query }) => {
    const { limit = 50, cursor, vm, state, kind } = query;
    const about = { ...(vm === undefined ? {} : { vm }), ...(kind === undefined ? {} : { kind }) };
    const page = await alerts.list(principal, {
      ...{ limit, after: cursorParam('alert', cursor), ...about },
      ...(state === undefined ? {} : { state }),
    });
    const firing = await alerts.count(principal, { ...about, state: 'firing' });
    return { items: page.items.map(toAlertDto), next_cursor: page.next, firing };
  });
}

function toAlertDto(alert: Alert): AlertDto {
  return {
    id: alert.id,
    kind: alert.kind,
    state: alert.state,
    vm_id: alert.vmId,
    vm_name: alert.vmName,
    owner: alert.owner,
    threshold_percent: alert.threshold,
    value_percent: alert.value,
    message: alert.message,
    fired_at: toIso(alert.firedAt),
    resolved_at: toIsoOrNull(alert.resolvedAt),
  };
}

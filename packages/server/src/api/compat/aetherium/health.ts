import type { FastifyInstance } from 'fastify';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { toMoment } from '../moments.ts';
import { routes } from './routes.ts';
import type { ComponentState, Health } from './schemas.ts';

/** How the service is, for anybody: at the root, and below `/api/v1`. */
export function mountHealth(app: FastifyInstance, { engine }: FaceContext): void {
  async function look(): Promise<Health> {
    const vitals = await engine.vitals();
    const state = (name: string): ComponentState => {
      const found = vitals.find((component) => component.name === name)?.state;
      if (found === 'disabled') return found;
      return found === 'ok' ? 'healthy' : 'unhealthy';
    };
    const components = {
      github: state('github'),
      slack: state('slack'),
      discord: state('discord'),
      loki: state('loki'),
      event_bus: state('event_bus'),
      database: state('database'),
    };
    // Without Loki lines wait, and without the others nobody elsewhere is told: nothing that is asked for fails.
    const isWell = components.event_bus === 'healthy' && components.database === 'healthy';
    return { status: isWell ? 'ok' : 'unhealthy', components, timestamp: toMoment(Date.now()) };
  }

  for (const route of [routes.getHealth, routes.getApiHealth])
    mount(app, route, async (_request, reply) => {
      const health = await look();
      return await reply.code(health.status === 'ok' ? 200 : 503).send(health);
    });
}

import type { FastifyInstance } from 'fastify';
import type { FaceContext } from '../../face.ts';
import { mount } from '../../mount.ts';
import { toMoment } from '../moments.ts';
import { routes } from './routes.ts';
import type { Health } from './schemas.ts';

/** How the service is, for anybody: at the root, and below `/api/v1`. */
export function mountHealth(app: FastifyInstance, { engine }: FaceContext): void {
  async function look(): Promise<Health> {
    const vitals = await engine.vitals();
    const state = (name: string): 'healthy' | 'unhealthy' =>
      vitals.some((component) => component.name === name && component.state === 'ok') ? 'healthy' : 'unhealthy';
    const components = {
      ...({ github: 'disabled', slack: 'disabled', loki: 'disabled' } as const),
      event_bus: state('event_bus'),
      database: state('database'),
    };
    const isWell = Object.values(components).every((each) => each !== 'unhealthy');
    return { status: isWell ? 'ok' : 'unhealthy', components, timestamp: toMoment(Date.now()) };
  }

  for (const route of [routes.getHealth, routes.getApiHealth])
    mount(app, route, async (_request, reply) => {
      const health = await look();
      return await reply.code(health.status === 'ok' ? 200 : 503).send(health);
    });
}

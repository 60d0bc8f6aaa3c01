import { openApiDocument, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import type { V1Context } from './context.ts';
import { toCapabilitiesDto, toHostDto } from './host-dto.ts';
import { mount } from './mount.ts';

/** Hosts, capabilities, the API's own description, and the two probes. */
export function mountServerInfo(app: FastifyInstance, { engine, signals, version }: V1Context): void {
  mount(app, routes.listHosts, async (request) => {
    const hosts = await engine.hosts.list(request.principal);
    return { items: hosts.map(toHostDto), next_cursor: null };
  });

  mount(app, routes.getHost, async (request) =>
    toHostDto(await engine.hosts.get(request.principal, request.params.ref)),
  );

  mount(app, routes.getCapabilities, async () => toCapabilitiesDto(await engine.capabilities()));

  mount(app, routes.getOpenApi, async () => openApiDocument({ version }));

  mount(app, routes.getHealth, async () => ({ status: 'ok' }));

  mount(app, routes.getReadiness, async () => {
    const waitsFor = signals.isStopping ? 'The server is stopping.' : engine.whyNotReady();
    if (waitsFor === null) return { status: 'ready' };
    throw new VolaryError('unavailable', waitsFor, { reason: 'server.not_ready' });
  });
}

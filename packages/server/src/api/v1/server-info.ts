import { HTML_TYPE, openApiDocument, routes } from '@volary/contract';
import type { FastifyInstance } from 'fastify';
import { VolaryError } from '../../domain/errors.ts';
import { documentBytes } from '../document-bytes.ts';
import { ERRORS_PAGE_POLICY, errorsPageBytes } from '../errors-page.ts';
import { JSON_HEADER } from '../json-header.ts';
import { mount } from '../mount.ts';
import type { V1Context } from './context.ts';
import { toCapabilitiesDto, toHostDto } from './dto/host-dto.ts';

/** Hosts, capabilities, the API's own description, what its errors mean, and the two probes. */
export function mountServerInfo(app: FastifyInstance, { engine, version, build }: V1Context): void {
  mount(app, routes.listHosts, async (request) => {
    const hosts = await engine.hosts.list(request.principal);
    return { items: hosts.map(toHostDto), next_cursor: null };
  });

  mount(app, routes.getHost, async (request) =>
    toHostDto(await engine.hosts.get(request.principal, request.params.ref)),
  );

  mount(app, routes.getCapabilities, async () => toCapabilitiesDto(await engine.capabilities()));

  const document = documentBytes(() => openApiDocument({ version }));
  mount(
    app,
    routes.getOpenApi,
    async (_request, reply) => await reply.header('content-type', JSON_HEADER).send(document()),
  );

  const errorsPage = errorsPageBytes(build.errors);
  mount(app, routes.getErrorsPage, async (_request, reply) => {
    reply.header('content-security-policy', ERRORS_PAGE_POLICY);
    return await reply.header('content-type', `${HTML_TYPE}; charset=utf-8`).send(errorsPage());
  });

  mount(app, routes.getHealth, async () => ({ status: 'ok' }));

  mount(app, routes.getReadiness, async () => {
    const failed = await engine.whyNotReady();
    if (failed === null) return { status: 'ready' };
    throw new VolaryError('unavailable', failed.why ?? 'The server is not ready.', {
      reason: 'server.not_ready',
      details: { component: failed.name },
    });
  });
}

import { arch, platform } from 'node:process';
import type { FastifyInstance } from 'fastify';
import type { Deployment } from '../../../domain/deployment/deployment.ts';
import type { DeploymentId, VmId } from '../../../domain/ids.ts';
import type { Vm } from '../../../domain/vm/vm.ts';
import type { HostStatus } from '../../../engine/apis/host-api.ts';
import type { TemplateEntry } from '../../../engine/apis/template-api.ts';
import { documentBytes } from '../../document-bytes.ts';
import type { FaceContext } from '../../face.ts';
import { JSON_HEADER } from '../../json-header.ts';
import { mount } from '../../mount.ts';
import { toMoment } from '../moments.ts';
import { describeVolant } from './openapi.ts';
import { allOf } from './pages.ts';
import { routes } from './routes.ts';
import { statusOf } from './translate.ts';

/** Node's words for processors that others call otherwise. */
const PROCESSORS: ReadonlyMap<string, string> = new Map([['x64', 'amd64']]);

/** What the server is, and has. */
export function mountSystem(app: FastifyInstance, { engine, version, build }: FaceContext): void {
  const { vms, deployments, templates, hosts } = engine;

  mount(app, routes.getSystemInfo, async ({ principal }) => {
    const allVms = await allOf<Vm, VmId>((page) => vms.list(principal, page));
    const allDeployments = await allOf<Deployment, DeploymentId>((page) => deployments.list(principal, page));
    const allPlugins = await allOf<TemplateEntry, string>((page) => templates.list(principal, page));
    return {
      version,
      commit: build.commit,
      build_date: toMoment(Date.parse(build.date)),
      go_version: `node${process.versions.node}`,
      platform: `${platform}/${PROCESSORS.get(arch) ?? arch}`,
      stats: {
        total_vms: allVms.length,
        running_vms: allVms.filter((vm) => statusOf(vm) === 'running').length,
        total_deployments: allDeployments.length,
        total_plugins: allPlugins.length,
      },
      resources: resourcesOf(await hosts.list(principal)),
    };
  });

  const document = documentBytes(() => describeVolant());
  mount(
    app,
    routes.getOpenApi,
    async (_request, reply) => await reply.header('content-type', JSON_HEADER).send(document()),
  );
}

/** Of all hosts together. */
function resourcesOf(hosts: readonly HostStatus[]) {
  const sum = (amountOf: (host: HostStatus['host']) => number): number =>
    Math.floor(hosts.reduce((total, { host }) => total + amountOf(host), 0));
  return {
    cpu_count: sum(({ cpuCount }) => cpuCount),
    memory_total_mb: sum(({ memoryMib }) => memoryMib),
    memory_available_mb: sum(({ memoryAvailableMib }) => memoryAvailableMib),
  };
}

import type { FastifyInstance } from 'fastify';
import { type ErrorCode, VolaryError } from '../../../domain/errors.ts';
import type { Template } from '../../../domain/template/template.ts';
import type { TemplateEntry } from '../../../engine/apis/template-api.ts';
import type { FaceContext } from '../../face.ts';
import { readManifest } from '../../manifests/read-manifest.ts';
import { mount } from '../../mount.ts';
import { TELLER } from '../../teller.ts';
import { toMoment } from '../moments.ts';
import { outcomeOf } from './finish.ts';
import { allOf, partOf } from './pages.ts';
import type { Plugin } from './plugin-schemas.ts';
import { routes } from './routes.ts';

/** What is wrong with what a manifest leads to is wrong with the manifest. */
const FAULTS_OF_MANIFEST: readonly ErrorCode[] = ['failed_precondition', 'unsupported', 'not_found'];

/** What it takes to give up. */
const GIVING_UP_MS = 10_000;

/** Plugins, which are templates elsewhere: list, install, get, remove, enable. */
export function mountPlugins(app: FastifyInstance, { engine, signals }: FaceContext): void {
  const { templates } = engine;

  mount(app, routes.listPlugins, async ({ principal, query }, reply) => {
    const all = await allOf<TemplateEntry, string>((page) => templates.list(principal, page));
    return { plugins: partOf(reply, all, query).map(({ name }) => name) };
  });

  mount(app, routes.installPlugin, async ({ principal, body }, reply) => {
    const asked = await readManifest(body);
    const operation = await templates.create(principal, asked).catch(refuseBuiltIn);
    // Until the engine itself gives up.
    const timeoutMs = Math.max(0, operation.deadlineAt - Date.now()) + GIVING_UP_MS;
    const failure = asFault(await outcomeOf(engine, operation, { timeoutMs, signal: signals.of(reply) }));
    if (failure !== null) throw failure;
    return await reply.code(201).send(toPlugin(await templates.get(TELLER, `${asked.name}@${asked.version}`)));
  });

  mount(app, routes.getPlugin, async ({ principal, params }) =>
    toPlugin(await templates.get(principal, params.plugin)),
  );

  mount(app, routes.removePlugin, async ({ principal, params }, reply) => {
    await templates.delete(principal, params.plugin);
    return await reply.code(204).send();
  });

  mount(app, routes.setPluginEnabled, async ({ principal, params, body }) => {
    await templates.setEnabled(principal, params.plugin, body.enabled);
    return toPlugin(await templates.get(TELLER, params.plugin));
  });
}

function toPlugin({ name, version, description, content, createdAt, isEnabled }: Template): Plugin {
  const { workload, vcpuCount, memoryMib } = content.spec;
  return {
    name,
    version,
    description,
    workload: workload === null ? null : { type: workload.type, port: workload.port },
    resources: { vcpu: vcpuCount, memory_mb: memoryMib },
    installed_at: toMoment(createdAt),
    enabled: isEnabled,
  };
}

/** Its name is taken, by one that came with the server. */
function refuseBuiltIn(error: unknown): never {
  if (!(error instanceof VolaryError) || error.reason !== 'template.built_in') throw error;
  const { message, details } = error;
  throw new VolaryError('already_exists', message, { reason: 'template.exists', details, cause: error });
}

function asFault(failure: VolaryError | null): VolaryError | null {
  if (failure === null || !FAULTS_OF_MANIFEST.includes(failure.code)) return failure;
  const { message, reason, details } = failure;
  return new VolaryError('invalid_argument', message, { reason, details, cause: failure });
}

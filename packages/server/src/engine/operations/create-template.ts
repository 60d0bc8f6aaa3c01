import { VolaryError } from '../../domain/errors.ts';
import { checkDefinition } from '../../domain/image/check-definition.ts';
import type { ImageDefinition } from '../../domain/image/definition.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Operation } from '../../domain/operation/operation.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import {
  checkTemplateName,
  imageNameOf,
  type Template,
  type TemplateContent,
  titleOfTemplate,
} from '../../domain/template/template.ts';
import { invalidRange, invalidTool } from '../../domain/tool/invalid-tool.ts';
import { parseToolRequest } from '../../domain/tool/tool.ts';
import { parseRange } from '../../domain/tool/version-range.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { AskedTemplate, NewTemplate } from '../apis/template-api.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';
import { bindKey } from '../idempotency/claims.ts';
import { recallOperation } from '../idempotency/recall.ts';
import { permittedDisks } from '../images/disk-contents.ts';
import type { Once } from '../requests.ts';
import { withOpenapi } from '../workloads/fetch-openapi.ts';
import { completeSpec } from './complete-spec.ts';
import { trusted } from './define-image.ts';
import { operationEvent } from './events.ts';
import { newOperation, type OperationDeps } from './request-change.ts';
import { doneToTemplate } from './template-events.ts';

/** Versions that one owner may have. */
const MOST_VERSIONS = 1_000;

export type TemplateDeps = Pick<OperationDeps, 'store' | 'bus' | 'clock' | 'ids' | 'config' | 'drivers' | 'tracer'> &
  Pick<EngineDeps, 'images' | 'tools' | 'queue' | 'documents' | 'networks'>;

/** Asks for a version to be installed: it is stored, unseen, until what it brings is there. */
export async function createTemplate(
  deps: TemplateDeps,
  principal: Principal,
  request: AskedTemplate,
  { once }: Once = {},
): Promise<Operation> {
  authorise(principal, 'template:create');
  const earlier = await recallOperation(deps, once);
  if (earlier !== null) return earlier;
  checkTemplateName(request);
  await requireKnownTools(deps, request.content.tools);
  const image = permittedImage(principal, request.content.image);
  const { disks = [], ...said } = request.content.spec;
  const asked = { ...said, disks: permittedDisks(principal, disks) };
  const spec = await withOpenapi(deps, principal, asked);
  const content = await completeContent(deps, { ...request.content, spec, image });
  const operation = await deps.store.transaction(async (tables) => {
    await requireNew(tables, principal, { ...request, content });
    const operation = await store(deps, tables, principal, { ...request, content });
    await bindKey(tables, deps.clock, once, { kind: 'operation', id: operation.id });
    return operation;
  });
  deps.bus.publish('events', '');
  deps.queue.enqueue(`template:${operation.id}`);
  return operation;
}

/** Throws `permission_denied` access.denied, `invalid_argument` image.* for a definition that cannot be. */
function permittedImage(principal: Principal, image: ImageDefinition | null): ImageDefinition | null {
  if (image === null) return null;
  authorise(principal, 'image:create');
  checkDefinition(image);
  return trusted(principal, image);
}

/**
 * Whether there is a version as it is asked for shows when a VM is made; whether it is asked for at all, here. Throws `invalid_argument`
 * tool.unknown, tool.invalid_request, tool.invalid_range.
 */
async function requireKnownTools({ tools }: TemplateDeps, asked: readonly string[]): Promise<void> {
  if (asked.length === 0) return;
  const catalogue = await tools.catalogue();
  for (const [index, text] of asked.entries()) {
    const field = `tools[${index}]`;
    const request = parseToolRequest(text);
    const name = request?.name ?? text;
    const known = catalogue.find((entry) => entry.name === name || entry.aliases.includes(name));
    if (known === undefined) {
      // A tool that there is, with nothing after its `@`, is known by what stands before.
      const isHalf = catalogue.some((entry) => text.startsWith(`${entry.name}@`));
      throw isHalf ? invalidTool(text, field) : unknownTool(name, catalogue, field);
    }
    const range = request?.range ?? null;
    if (range === null || range === 'latest' || known.sources.includes(range) || parseRange(range) !== null) continue;
    // A version that is there is meant by its name, whatever that looks like.
    if ((await tools.find({ name: known.name, version: range })) === null) throw invalidRange(name, range, field);
  }
}

function unknownTool(name: string, catalogue: readonly { readonly name: string }[], field: string): VolaryError {
  const allowed = catalogue.map((entry) => entry.name);
  return new VolaryError('invalid_argument', `There is no tool ${name}; there are: ${allowed.join(', ')}.`, {
    reason: 'tool.unknown',
    details: { field, tool: name, allowed },
  });
}

type Complete = Omit<NewTemplate, 'content'> & { readonly content: TemplateContent };

/** With defaults for what the manifest leaves open. Throws `invalid_argument` vm.*, `unsupported` driver.no_such_network_mode. */
export async function completeContent(
  deps: Pick<EngineDeps, 'drivers' | 'networks' | 'images' | 'store'>,
  { spec, image, tools: asked, labels }: NewTemplate['content'],
): Promise<TemplateContent> {
  checkLabels(labels);
  const { template, tools, restartPolicy, autoSuspend, autoWake, ...complete } = await completeSpec(
    deps,
    deps.drivers.first,
    spec,
    image,
  );
  return { spec: complete, image, tools: asked, labels };
}

/** Throws `already_exists` template.exists, `failed_precondition` template.built_in, `permission_denied` access.denied. */
async function requireNew(tables: Tables, principal: Principal, asked: Complete): Promise<void> {
  const versions = await tables.templates.listVersions(asked.name);
  if (versions.some(({ isBuiltIn }) => isBuiltIn)) throw builtIn(asked.name);
  // Who may add to a template has all its versions, or may do so with everybody's.
  for (const version of versions) authorise(principal, 'template:create', version);
  const same = versions.find(({ version }) => version === asked.version);
  if (same !== undefined) throw exists(same);
}

async function store(
  deps: TemplateDeps,
  tables: Tables,
  principal: Principal,
  { name, version, description, isEnabled, content }: Complete,
): Promise<Operation> {
  await requireRoom(tables, principal.name);
  const subject = { kind: 'template', name: titleOfTemplate({ name, version }) } as const;
  const operation = newOperation(deps, { kind: 'template.install', subject, generation: 0, principal: principal.name });
  const now = deps.clock.now();
  const id = deps.ids.create('tpl');
  const { spec } = content;
  const image = content.image === null ? spec.image : imageNameOf({ id, name, version });
  const template: Template = {
    id,
    ...{ name, version, description, isEnabled },
    content: { ...content, spec: { ...spec, image } },
    state: 'installing',
    operationId: operation.id,
    isBuiltIn: false,
    owner: principal.name,
    createdAt: now,
    updatedAt: now,
    lastUsedAt: null,
    revision: 1,
  };
  await tables.templates.insert(template);
  await tables.operations.insert(operation);
  await tables.events.append([operationEvent('operation.created', operation, now)]);
  await recordAudit(
    tables,
    deps.clock,
    principal,
    doneToTemplate('template.create', template, { operation_id: operation.id }),
  );
  return operation;
}

async function requireRoom({ users }: Tables, owner: string): Promise<void> {
  if ((await users.countOwned(owner)).templates < MOST_VERSIONS) return;
  throw new VolaryError(
    'resource_exhausted',
    `You have ${MOST_VERSIONS} versions of templates, and may have no more.`,
    {
      reason: 'template.too_many',
      details: { maximum: MOST_VERSIONS },
    },
  );
}

function exists({ name, version, state, operationId }: Template): VolaryError {
  const how = state === 'ready' ? 'There is' : 'Somebody is installing';
  return new VolaryError('already_exists', `${how} version ${version} of the template ${name} already.`, {
    reason: 'template.exists',
    details: { name, version, operation_id: operationId },
  });
}

/** `failed_precondition` template.built_in. */
export function builtIn(name: string): VolaryError {
  return new VolaryError(
    'failed_precondition',
    `The template ${name} is built in: it can only be enabled and disabled.`,
    {
      reason: 'template.built_in',
      details: { name },
    },
  );
}

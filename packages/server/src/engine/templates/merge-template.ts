import type { Principal } from '../../domain/principal/principal.ts';
import { type TemplateSpec, titleOfTemplate } from '../../domain/template/template.ts';
import type { VmSpec } from '../../domain/vm/spec.ts';
import type { AskedSpec, CreateVmRequest } from '../../domain/vm/vm-request.ts';
import type { Tables } from '../../ports/store.ts';
import { findUsableTemplate } from '../queries/find-template.ts';

/**
 * What is asked for, with what the template says where nothing else is asked for. From here on the VM is on its own: no later change of the
 * template reaches it. Throws `not_found` template.unknown, `failed_precondition` template.disabled.
 */
export async function mergeTemplate(
  tables: Pick<Tables, 'templates'>,
  principal: Principal,
  { template: ref, ...request }: CreateVmRequest,
): Promise<Omit<CreateVmRequest, 'template'>> {
  if (ref === undefined) return request;
  const template = await findUsableTemplate(tables, { principal, permission: 'template:read' }, ref);
  const { name, version, content } = template;
  return {
    ...request,
    spec: { ...mergeSpec(content.spec, request.spec), template: { name, version } },
    tools: [...content.tools, ...(request.tools ?? [])],
    labels: { ...content.labels, ...request.labels },
  };
}

/** Maps are put together, by name; all else is one or the other. */
function mergeSpec({ healthCheck, ...said }: TemplateSpec, asked: AskedSpec): AskedSpec {
  const named = new Set(asked.disks?.map(({ name }) => name));
  return {
    ...said,
    // Of another workload it says nothing.
    ...(asked.workload === undefined ? { healthCheck } : {}),
    ...asked,
    environment: { ...said.environment, ...asked.environment },
    disks: [...said.disks.filter(({ name }) => !named.has(name)), ...(asked.disks ?? [])],
  };
}

/** The same question once more, in the transaction that makes the VM: a template is not disabled or deleted in between. */
export async function requireUsable(
  tables: Pick<Tables, 'templates'>,
  principal: Principal,
  { template }: Pick<VmSpec, 'template'>,
): Promise<void> {
  if (template === null) return;
  await findUsableTemplate(tables, { principal, permission: 'template:read' }, titleOfTemplate(template));
}

import { titleOfTemplate } from '../../domain/template/template.ts';
import type { Tables } from '../../ports/store.ts';
import { everyTemplate } from '../queries/every-template.ts';
import { everyVm } from '../queries/every-vm.ts';
import { deploymentsByImage } from '../system/references.ts';

/** What a name is needed by, other than what was made of it. */
export interface NameUser {
  readonly kind: 'vm' | 'template' | 'deployment';
  /** Of a template: `name@version`. */
  readonly name: string;
}

/** VMs that were asked for with the image of this name, and versions of templates and deployments that VMs are asked for by. */
export async function usersOfName(
  tables: Pick<Tables, 'vms' | 'templates' | 'deployments'>,
  image: string,
): Promise<readonly NameUser[]> {
  const users: NameUser[] = [];
  for await (const { name, spec } of everyVm(tables)) if (spec.image === image) users.push({ kind: 'vm', name });
  for await (const template of everyTemplate(tables))
    if (template.content.spec.image === image) users.push({ kind: 'template', name: titleOfTemplate(template) });
  for (const { name } of (await deploymentsByImage(tables)).get(image) ?? []) users.push({ kind: 'deployment', name });
  return users;
}

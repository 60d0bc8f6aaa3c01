import type { Principal } from '../../domain/principal/principal.ts';
import { VM_DEFAULTS } from '../../domain/vm/spec.ts';
import type { Driver } from '../../ports/driver.ts';
import type { CreateWorkspaceRequest } from '../apis/workspace-api.ts';
import type { EngineDeps } from '../deps.ts';
import { findUsableTemplate } from '../queries/find-template.ts';

const GIT = 'git';

/**
 * The tools that were asked for where a repository is to be cloned, and git, if neither they, nor the template, nor the image have it. What comes
 * with the program has it, and so has what is built on top of that; of another disk nobody can tell. Where machines cannot be given tools, the image's own
 * git is all there is: the clone says so if there is none. Throws as `findUsableTemplate`.
 */
export async function toolsWithGit(
  { store, images }: Pick<EngineDeps, 'store' | 'images'>,
  principal: Principal,
  driver: Driver,
  { template: ref, spec, tools: own = [] }: CreateWorkspaceRequest['vm'],
): Promise<readonly string[]> {
  if (driver.packs === null && !driver.capabilities.supportsFixedPacks) return own;
  const found =
    ref === undefined ? null : await findUsableTemplate(store, { principal, permission: 'template:read' }, ref);
  const names = [...(found?.content.tools ?? []), ...own].map((tool) => tool.split('@')[0]);
  if (names.includes(GIT)) return own;
  const image = spec.image ?? found?.content.spec.image ?? VM_DEFAULTS.image;
  const definition = (await store.images.get(image))?.definition ?? null;
  const isKnown = images.builtIns().includes(image) || definition?.kind === 'recipe';
  return isKnown ? own : [...own, GIT];
}

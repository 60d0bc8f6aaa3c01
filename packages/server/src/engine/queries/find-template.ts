import { VolaryError } from '../../domain/errors.ts';
import { parseId } from '../../domain/ids.ts';
import { newestFirst } from '../../domain/template/newest.ts';
import { parseTemplateRef, type Template } from '../../domain/template/template.ts';
import type { Tables } from '../../ports/store.ts';
import { type Asker, requireVisible } from '../access/require-visible.ts';

/**
 * The versions that are meant, newest first: of `name@version` or an id one, of a name all of them. None that is still being installed. Throws
 * `not_found` template.unknown, `permission_denied` access.denied.
 */
export async function findTemplates(
  { templates }: Pick<Tables, 'templates'>,
  asker: Asker,
  ref: string,
): Promise<readonly [Template, ...Template[]]> {
  const id = parseId('tpl', ref);
  const one = id === null ? null : await templates.get(id);
  const parsed = one ?? parseTemplateRef(ref);
  const all = parsed === null ? [] : await templates.listVersions(parsed.name);
  const meant = all
    .filter(({ state, version }) => state === 'ready' && (parsed?.version ?? version) === version)
    .sort(newestFirst);
  const unknown = (): VolaryError => unknownTemplate(ref);
  const [first = null, ...others] = meant;
  return [
    requireVisible(asker, first, 'template:read', unknown),
    ...others.map((each) => requireVisible(asker, each, 'template:read', unknown)),
  ];
}

/** The version that a VM is made from: of a name the newest one that is enabled. Throws `failed_precondition` template.disabled. */
export async function findUsableTemplate(
  tables: Pick<Tables, 'templates'>,
  asker: Asker,
  ref: string,
): Promise<Template> {
  const meant = await findTemplates(tables, asker, ref);
  const usable = meant.find(({ isEnabled }) => isEnabled);
  if (usable !== undefined) return usable;
  throw new VolaryError('failed_precondition', `The template ${ref} is disabled.`, {
    reason: 'template.disabled',
    details: { name: meant[0].name, versions: meant.map(({ version }) => version) },
  });
}

/** `not_found` template.unknown. */
function unknownTemplate(ref: string): VolaryError {
  return new VolaryError('not_found', `There is no template ${ref}.`, { reason: 'template.unknown', details: { ref } });
}

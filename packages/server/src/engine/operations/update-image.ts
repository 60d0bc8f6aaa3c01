import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import type { Tables } from '../../ports/store.ts';
import { authorise } from '../access/authorise.ts';
import type { ImageEntry } from '../apis/image-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import { isKnownImage } from '../images/known-images.ts';
import { getImage } from '../queries/images.ts';
import { type ImageOperationDeps, unknownImage } from './build-image.ts';
import { findBeingMade } from './define-image.ts';

/** Gives a name of an image other labels, also one that is built in or belongs to a template. What is made of it stays what it is. */
export async function updateImage(
  deps: ImageOperationDeps,
  principal: Principal,
  name: string,
  { labels }: { readonly labels?: Readonly<Record<string, string>> },
): Promise<ImageEntry> {
  authorise(principal, 'image:update');
  if (labels !== undefined) checkLabels(labels);
  await deps.store.transaction(async (tables) => {
    if (!(await isKnownImage({ images: deps.images, store: tables }, name))) throw unknownImage(name);
    if (labels !== undefined) await putLabels(tables, name, labels);
    await recordAudit(tables, deps.clock, principal, {
      action: 'image.update',
      target: auditTarget('image', { name }),
      details: { changed: labels === undefined ? [] : ['labels'] },
    });
  });
  return await getImage(deps, principal, name);
}

/** What is being made of the name was asked for with others before: it is to have these. */
async function putLabels(tables: Tables, name: string, labels: Readonly<Record<string, string>>): Promise<void> {
  await tables.namedLabels.put('image', name, labels);
  const making = await findBeingMade(tables, name);
  const asked = making === null ? null : await tables.images.getRequest(making.id);
  if (making !== null && asked !== null && asked.labels !== null)
    await tables.images.putRequest(making.id, { ...asked, labels });
}

import type { Operation } from '../../domain/operation/operation.ts';
import { parseTemplateRef, type Template } from '../../domain/template/template.ts';
import type { Tables } from '../../ports/store.ts';

/** The version that this operation installs; null when it does no more. */
export async function findInstalling(
  { templates }: Pick<Tables, 'templates'>,
  { id, subject }: Operation,
): Promise<Template | null> {
  const ref = parseTemplateRef(subject.name);
  const versions = ref === null ? [] : await templates.listVersions(ref.name);
  return versions.find(({ operationId }) => operationId === id) ?? null;
}

/** Removes the version that this operation was to install, in the transaction that ends it: nothing of it is kept. */
export async function dropInstallation(tables: Pick<Tables, 'templates'>, operation: Operation): Promise<void> {
  const template = await findInstalling(tables, operation);
  if (template !== null) await tables.templates.delete(template.id, template.revision);
}

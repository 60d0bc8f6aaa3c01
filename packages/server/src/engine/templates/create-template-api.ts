import type { Template } from '../../domain/template/template.ts';
import type { MeasuredTemplate, TemplateApi } from '../apis/template-api.ts';
import { createTemplate, type TemplateDeps } from '../operations/create-template.ts';
import { deleteTemplate } from '../operations/delete-template.ts';
import { setTemplateEnabled } from '../operations/enable-template.ts';
import { createTemplateQueries } from '../queries/templates.ts';
import { createTemplateMeasure } from './measure-templates.ts';
import type { BuiltInTemplates } from './sync-built-in.ts';

/** The templates of engine.ts: nothing is said of them before the built-in ones are known. */
export function createTemplateApi(deps: TemplateDeps, { whenKnown }: BuiltInTemplates): TemplateApi {
  const { get, list, versions } = createTemplateQueries(deps);
  const known = async <T>(work: () => Promise<T>): Promise<T> => {
    await whenKnown();
    return await work();
  };
  const measured = async (work: Promise<readonly Template[]>): Promise<readonly MeasuredTemplate[]> =>
    (await work).map(await createTemplateMeasure(deps));
  return {
    create: (principal, request, options) => known(() => createTemplate(deps, principal, request, options)),
    setEnabled: (principal, ref, isEnabled) =>
      known(() => measured(setTemplateEnabled(deps, principal, ref, isEnabled))),
    delete: (principal, ref) => known(() => measured(deleteTemplate(deps, principal, ref))),
    get: (principal, ref) => known(() => get(principal, ref)),
    list: (principal, request) => known(() => list(principal, request)),
    versions: (principal, name) => known(() => versions(principal, name)),
  };
}

import type { WarmTemplateApi } from '../apis/warm-template-api.ts';
import type { ChangeDeps } from '../create-deps.ts';
import { buildWarmTemplate } from '../operations/build-warm-template.ts';
import { removeWarmTemplate } from '../operations/remove-warm-template.ts';
import { listWarmTemplates } from '../queries/warm-templates.ts';
import type { TemplateMaker } from './template-maker.ts';

/** The warm templates of engine.ts. */
export function createWarmTemplateApi(deps: ChangeDeps, templates: TemplateMaker): WarmTemplateApi {
  return {
    list: (principal, options) => listWarmTemplates(deps, principal, options),
    build: (principal, kind, options) => buildWarmTemplate(deps, principal, kind, options),
    remove: (principal, key, options) => removeWarmTemplate({ ...deps, templates }, principal, key, options),
  };
}

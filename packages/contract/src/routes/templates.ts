import { Type } from 'typebox';
import { TemplateName } from '../ids.ts';
import { AcceptedOperation } from '../operations.ts';
import { LabelSelector, Limit } from '../parameters.ts';
import { json, jsonBody, LOCATION, PREFER, PREFERENCE_APPLIED, route } from '../route.ts';
import { object } from '../schema.ts';
import { TemplateManifest } from '../template-manifest.ts';
import { Template, TemplateNameParams, TemplatePage, TemplateParams, TemplateVersions } from '../templates.ts';
import { EmptyRequest } from '../vms.ts';
import { OPENAPI_NOT_HAD, OPENAPI_UNFIT } from './vms.ts';

const UNKNOWN = ['template.unknown'] as const;

export const createTemplate = route({
  method: 'POST',
  path: '/v1/templates',
  operationId: 'createTemplate',
  tag: 'templates',
  summary: 'Install a version of a template',
  description:
    'The manifest is JSON, or YAML as `application/yaml` (at most 256 KiB). All that is wrong with it is told at once, each fault by its path. What the template brings is fetched and verified first: if that fails, nothing is kept. Versions of one template stand side by side; one that is there is never replaced.',
  permission: 'template:create',
  action: 'template.create',
  headers: [PREFER],
  body: { ...jsonBody(TemplateManifest, { isRequired: true }), isReadByHandler: true },
  responses: {
    201: {
      description: 'Installed, within the time of `Prefer: wait`.',
      content: [json(Template)],
      headers: [LOCATION, PREFERENCE_APPLIED],
    },
    202: { description: 'Under way.', content: [json(AcceptedOperation)], headers: [LOCATION, PREFERENCE_APPLIED] },
  },
  keyed: 'stored',
  errors: {
    400: [
      'vm.unknown_image',
      'tool.unknown',
      'tool.invalid_range',
      'tool.invalid_request',
      'vm.invalid_cloud_init',
      'vm.cloud_init_unsupported',
      'workload.invalid',
      'health_check.invalid',
      ...OPENAPI_UNFIT,
    ],
    409: ['template.exists', 'template.built_in', ...OPENAPI_NOT_HAD, 'operation.cancelled'],
    422: ['driver.no_such_network_mode'],
    429: ['template.too_many'],
    503: ['download.unavailable'],
  },
});

export const listTemplates = route({
  method: 'GET',
  path: '/v1/templates',
  operationId: 'listTemplates',
  tag: 'templates',
  summary: 'List templates by name, each with its newest version',
  permission: 'template:read',
  query: object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(TemplateName),
      selector: Type.Optional(LabelSelector),
    },
    { description: 'What to list; a selector is about the labels of the newest version.' },
  ),
  responses: { 200: { description: 'A page.', content: [json(TemplatePage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const getTemplate = route({
  method: 'GET',
  path: '/v1/templates/{ref}',
  operationId: 'getTemplate',
  tag: 'templates',
  summary: 'Get a version of a template',
  permission: 'template:read',
  params: TemplateParams,
  responses: { 200: { description: 'The version; of a name the newest one.', content: [json(Template)] } },
  errors: { 404: UNKNOWN },
});

export const listTemplateVersions = route({
  method: 'GET',
  path: '/v1/templates/{name}/versions',
  operationId: 'listTemplateVersions',
  tag: 'templates',
  summary: 'List the versions of a template, newest first',
  permission: 'template:read',
  params: TemplateNameParams,
  responses: { 200: { description: 'All of them.', content: [json(TemplateVersions)] } },
  errors: { 404: UNKNOWN },
});

const switched = {
  200: { description: 'The versions that were meant, as they now are.', content: [json(TemplateVersions)] },
};

export const enableTemplate = route({
  method: 'POST',
  path: '/v1/templates/{ref}/enable',
  operationId: 'enableTemplate',
  tag: 'templates',
  summary: 'Let VMs be made from a template',
  description: 'Of a name: from all its versions. One that is enabled stays so.',
  permission: 'template:update',
  action: 'template.enable',
  params: TemplateParams,
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: switched,
  errors: { 404: UNKNOWN },
});

export const disableTemplate = route({
  method: 'POST',
  path: '/v1/templates/{ref}/disable',
  operationId: 'disableTemplate',
  tag: 'templates',
  summary: 'Let no more VMs be made from a template',
  description: 'At once, and of a name: from none of its versions. VMs that were made from it are none the worse.',
  permission: 'template:update',
  action: 'template.disable',
  params: TemplateParams,
  body: jsonBody(EmptyRequest, { isRequired: false }),
  responses: switched,
  errors: { 404: UNKNOWN },
});

export const deleteTemplate = route({
  method: 'DELETE',
  path: '/v1/templates/{ref}',
  operationId: 'deleteTemplate',
  tag: 'templates',
  summary: 'Delete a version of a template, or all of them',
  description: 'Refused while there are VMs that were made from it; they are named. What it brought goes with it.',
  permission: 'template:delete',
  action: 'template.delete',
  params: TemplateParams,
  responses: { 200: { description: 'The versions that are gone.', content: [json(TemplateVersions)] } },
  errors: { 404: UNKNOWN, 409: ['template.in_use', 'template.built_in'] },
});

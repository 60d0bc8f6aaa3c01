import { json, jsonBody, PREFER, route } from '../route.ts';
import { BuildWarmTemplateRequest, WarmTemplatePage, WarmTemplateParams } from '../warm-templates.ts';
import { doneOrUnderWay } from './under-way.ts';

export const listWarmTemplates = route({
  method: 'GET',
  path: '/v1/warm-templates',
  operationId: 'listWarmTemplates',
  tag: 'warm-templates',
  summary: 'List the guests that new VMs can begin from as forks',
  permission: 'warm-template:read',
  responses: {
    200: { description: 'All of them, the one that was used last first.', content: [json(WarmTemplatePage)] },
  },
  errors: {},
});

export const buildWarmTemplate = route({
  method: 'POST',
  path: '/v1/warm-templates',
  operationId: 'buildWarmTemplate',
  tag: 'warm-templates',
  summary: 'Make a warm template, unless it is there',
  description:
    "Templates make themselves when VMs are created; this makes one before the first. Its image is built, unless it is there. The operation's result names the template by its `key`.",
  permission: 'warm-template:build',
  action: 'warm-template.build',
  headers: [PREFER],
  body: jsonBody(BuildWarmTemplateRequest, { isRequired: false }),
  responses: doneOrUnderWay('Made'),
  keyed: 'stored',
  errors: {
    400: ['vm.unknown_image', 'vm.out_of_range'],
    409: [
      'warm_template.disabled',
      'image.tool_missing',
      'image.build_failed',
      'driver.no_accelerator',
      'driver.not_installed',
      'operation.cancelled',
    ],
    422: ['driver.no_warm_templates', 'driver.no_such_network_mode'],
    429: ['host.no_memory'],
    507: ['driver.disk_full'],
  },
});

export const deleteWarmTemplate = route({
  method: 'DELETE',
  path: '/v1/warm-templates/{key}',
  operationId: 'deleteWarmTemplate',
  tag: 'warm-templates',
  summary: 'Remove a warm template that no VM is about to begin from',
  description:
    'Machines of it that wait for their VMs end with it; VMs that began from it go on. The next VM of its kind boots, and has it made again.',
  permission: 'warm-template:delete',
  action: 'warm-template.delete',
  params: WarmTemplateParams,
  responses: { 204: { description: 'Removed.', content: [] } },
  errors: { 404: ['warm_template.unknown'], 409: ['warm_template.in_use'] },
});

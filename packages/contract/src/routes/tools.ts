import { UpdateLabelsRequest } from '../labels.ts';
import { SelectorQuery } from '../parameters.ts';
import { json, jsonBody, PREFER, route } from '../route.ts';
import { object } from '../schema.ts';
import { BuildToolRequest, RemovedTools, ToolEntry, ToolName, ToolPage, ToolRefParams } from '../tools.ts';
import { doneOrUnderWay } from './under-way.ts';

export const listTools = route({
  method: 'GET',
  path: '/v1/tools',
  operationId: 'listTools',
  tag: 'tools',
  summary: 'List tools, and what was built of them',
  permission: 'tool:read',
  query: SelectorQuery,
  responses: { 200: { description: 'All of the catalogue.', content: [json(ToolPage)] } },
  errors: { 400: ['selector.invalid'] },
});

export const buildTool = route({
  method: 'POST',
  path: '/v1/tools/{name}/build',
  operationId: 'buildTool',
  tag: 'tools',
  summary: 'Build a tool in one version, unless it is there',
  permission: 'tool:build',
  action: 'tool.build',
  params: object({ name: ToolName }, { description: 'A tool of the catalogue.' }),
  headers: [PREFER],
  body: jsonBody(BuildToolRequest, { isRequired: false }),
  responses: doneOrUnderWay('Built'),
  keyed: 'stored',
  errors: {
    400: ['tool.unknown', 'tool.unknown_version', 'tool.invalid_range'],
    409: ['tool.build_failed', 'tool.program_missing', 'operation.cancelled'],
    503: ['tool.unreachable'],
    507: ['tool.no_room'],
  },
});

export const updateTool = route({
  method: 'PATCH',
  path: '/v1/tools/{name}',
  operationId: 'updateTool',
  tag: 'tools',
  summary: 'Give a tool other labels',
  permission: 'tool:update',
  action: 'tool.update',
  params: object({ name: ToolName }, { description: 'A tool of the catalogue.' }),
  body: jsonBody(UpdateLabelsRequest, { isRequired: true }),
  responses: { 200: { description: 'The tool as it now is.', content: [json(ToolEntry)] } },
  errors: { 400: ['tool.unknown'] },
});

export const deleteTool = route({
  method: 'DELETE',
  path: '/v1/tools/{name}',
  operationId: 'deleteTool',
  tag: 'tools',
  summary: 'Remove what was built of a tool and no VM has',
  permission: 'tool:delete',
  action: 'tool.delete',
  params: ToolRefParams,
  responses: { 200: { description: 'Removed.', content: [json(RemovedTools)] } },
  errors: { 404: ['tool.not_built'], 409: ['tool.in_use'] },
});

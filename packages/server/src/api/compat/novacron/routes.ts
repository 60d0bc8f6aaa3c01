import { json, jsonBody, NDJSON_TYPE, object, dialectRoute as route } from '@volary/contract';
import { Type } from 'typebox';
import { MigrateVm, Migrating, Patience, Powered } from './power-schemas.ts';
import { Keys, Login, LoginRequest, OpenApi, Refreshed } from './schemas.ts';
import {
  Created,
  CreateVm,
  Deleted,
  DeleteQuery,
  ListQuery,
  Updated,
  UpdateVm,
  VmDetails,
  VmList,
  VmParams,
} from './vm-schemas.ts';
import { Batch, BatchStarted, LogLine, Logs, LogsQuery, Metrics, MetricsQuery } from './watch-schemas.ts';

/** The path of a version, and what its operations are called besides: the beta has the same ones. */
export const VERSIONS = [
  { base: '/v1', suffix: '' },
  { base: '/v2-beta', suffix: 'Beta' },
] as const;
type Version = (typeof VERSIONS)[number];

const EventsQuery = object(
  {
    token: Type.Optional(Type.String({ maxLength: 8_192, description: 'An access token; better sent as a message.' })),
    api_key: Type.Optional(Type.String({ maxLength: 256, description: 'A key; better sent as a header.' })),
  },
  { description: 'Who asks, where that cannot be said otherwise.' },
);

const NOT_NOW = { 409: [], 422: [] } as const;

/** What each version has. */
export function routesOf({ base, suffix }: Version) {
  return {
    login: route({
      method: 'POST',
      path: `${base}/auth/login`,
      operationId: `login${suffix}`,
      tag: 'auth',
      summary: 'Authenticate user and receive JWT token',
      permission: 'none',
      action: 'session.create',
      body: jsonBody(LoginRequest, { isRequired: true }),
      responses: { 200: { description: 'Tokens.', content: [json(Login)] } },
      errors: { 401: [], 429: [], 503: [] },
    }),
    refresh: route({
      method: 'POST',
      path: `${base}/auth/refresh`,
      operationId: `refresh${suffix}`,
      tag: 'auth',
      summary: 'Refresh expired access token',
      description: 'With the refresh token as `Authorization: Bearer {refresh_token}`.',
      permission: 'none',
      action: 'session.refresh',
      responses: { 200: { description: 'A token.', content: [json(Refreshed)] } },
      errors: { 401: [], 503: [] },
    }),
    listVms: route({
      method: 'GET',
      path: `${base}/vms`,
      operationId: `listVms${suffix}`,
      tag: 'vms',
      summary: 'List all virtual machines with filtering and pagination',
      permission: 'vm:read',
      query: ListQuery,
      responses: { 200: { description: 'A page.', content: [json(VmList)] } },
      errors: {},
    }),
    createVm: route({
      method: 'POST',
      path: `${base}/vms`,
      operationId: `createVm${suffix}`,
      tag: 'vms',
      summary: 'Create a new virtual machine',
      permission: 'vm:create',
      action: 'vm.create',
      body: jsonBody(CreateVm, { isRequired: true }),
      responses: { 201: { description: 'It is being made.', content: [json(Created)] } },
      errors: { ...NOT_NOW, 503: [], 507: [] },
    }),
    getVm: route({
      method: 'GET',
      path: `${base}/vms/{vm_id}`,
      operationId: `getVm${suffix}`,
      tag: 'vms',
      summary: 'Get detailed information about a specific VM',
      permission: 'vm:read',
      params: VmParams,
      responses: { 200: { description: 'The VM.', content: [json(VmDetails)] } },
      errors: { 404: [] },
    }),
    updateVm: route({
      method: 'PUT',
      path: `${base}/vms/{vm_id}`,
      operationId: `updateVm${suffix}`,
      tag: 'vms',
      summary: 'Update VM configuration',
      description: 'What its machine can be given while it runs it is given at once, the rest when it starts again.',
      permission: 'vm:update',
      action: 'vm.update',
      params: VmParams,
      body: jsonBody(UpdateVm, { isRequired: true }),
      responses: { 200: { description: 'It is being changed.', content: [json(Updated)] } },
      errors: { ...NOT_NOW, 404: [], 507: [] },
    }),
    deleteVm: route({
      method: 'DELETE',
      path: `${base}/vms/{vm_id}`,
      operationId: `deleteVm${suffix}`,
      tag: 'vms',
      summary: 'Delete a virtual machine',
      permission: 'vm:delete',
      action: 'vm.delete',
      params: VmParams,
      query: DeleteQuery,
      responses: { 202: { description: 'It is going.', content: [json(Deleted)] } },
      errors: { ...NOT_NOW, 404: [] },
    }),
    startVm: route({
      method: 'POST',
      path: `${base}/vms/{vm_id}/start`,
      operationId: `startVm${suffix}`,
      tag: 'operations',
      summary: 'Start a stopped VM',
      permission: 'vm:power',
      action: 'vm.start',
      params: VmParams,
      responses: { 200: { description: 'It is being started.', content: [json(Powered)] } },
      errors: { ...NOT_NOW, 404: [] },
    }),
    stopVm: route({
      method: 'POST',
      path: `${base}/vms/{vm_id}/stop`,
      operationId: `stopVm${suffix}`,
      tag: 'operations',
      summary: 'Stop a running VM',
      permission: 'vm:power',
      action: 'vm.stop',
      params: VmParams,
      body: jsonBody(Patience, { isRequired: false }),
      responses: { 200: { description: 'It is being stopped.', content: [json(Powered)] } },
      errors: { ...NOT_NOW, 404: [] },
    }),
    restartVm: route({
      method: 'POST',
      path: `${base}/vms/{vm_id}/restart`,
      operationId: `restartVm${suffix}`,
      tag: 'operations',
      summary: 'Restart a VM',
      permission: 'vm:power',
      action: 'vm.restart',
      params: VmParams,
      responses: { 200: { description: 'It is being restarted.', content: [json(Powered)] } },
      errors: { ...NOT_NOW, 404: [] },
    }),
    migrateVm: route({
      method: 'POST',
      path: `${base}/vms/{vm_id}/migrate`,
      operationId: `migrateVm${suffix}`,
      tag: 'operations',
      summary: 'Live migrate VM to different host',
      description: 'Without a second host there is nowhere to go: 409.',
      permission: 'vm:migrate',
      action: 'vm.migrate',
      params: VmParams,
      body: jsonBody(MigrateVm, { isRequired: true }),
      responses: { 202: { description: 'It is on its way.', content: [json(Migrating)] } },
      errors: { ...NOT_NOW, 404: [] },
    }),
    getMetrics: route({
      method: 'GET',
      path: `${base}/vms/{vm_id}/metrics`,
      operationId: `getVmMetrics${suffix}`,
      tag: 'monitoring',
      summary: 'Get real-time metrics for a VM',
      permission: 'vm:read',
      params: VmParams,
      query: MetricsQuery,
      responses: { 200: { description: 'What it used.', content: [json(Metrics)] } },
      errors: { 404: [] },
    }),
    getLogs: route({
      method: 'GET',
      path: `${base}/vms/{vm_id}/logs`,
      operationId: `getVmLogs${suffix}`,
      tag: 'monitoring',
      summary: 'Stream VM logs',
      description: 'The last lines, oldest first. With `follow` these and what comes, one a line.',
      permission: 'log:read',
      params: VmParams,
      query: LogsQuery,
      responses: {
        200: { description: 'Lines.', content: [json(Logs), { contentType: NDJSON_TYPE, schema: LogLine }] },
      },
      errors: { 404: [], 429: [], 503: [] },
    }),
    runBatch: route({
      method: 'POST',
      path: `${base}/batch/vms`,
      operationId: `runBatch${suffix}`,
      tag: 'operations',
      summary: 'Perform operations on multiple VMs',
      permission: 'vm:power',
      action: 'vm.batch',
      body: jsonBody(Batch, { isRequired: true }),
      responses: { 202: { description: 'They are being done.', content: [json(BatchStarted)] } },
      errors: { 404: [], 409: [] },
    }),
    followEvents: route({
      method: 'GET',
      path: `${base}/ws/events`,
      operationId: `followEvents${suffix}`,
      tag: 'monitoring',
      summary: 'Real-time event stream for VM operations',
      description:
        'A WebSocket. Its first message is `{"type": "authenticate", "token": "Bearer …"}`, within 10 s, else it is closed with 4401; not if a header or the query has said who asks.',
      permission: 'none',
      query: EventsQuery,
      responses: { 101: { description: 'The socket is open.', content: [] } },
      errors: { 401: [], 429: [] },
    }),
  } as const;
}

/** What is beside all versions. */
export const commonRoutes = {
  getKeys: route({
    method: 'GET',
    path: '/.well-known/jwks.json',
    operationId: 'getPublicKeys',
    tag: 'auth',
    summary: 'The keys by which tokens can be verified',
    permission: 'none',
    responses: { 200: { description: 'The keys.', content: [json(Keys)] } },
    errors: {},
  }),
  getOpenApi: route({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    tag: 'auth',
    summary: 'This document',
    permission: 'none',
    responses: { 200: { description: 'OpenAPI 3.1.', content: [json(OpenApi)] } },
    errors: {},
  }),
} as const;

export const ALL_ROUTES = [
  ...VERSIONS.flatMap((version) => Object.values(routesOf(version))),
  ...Object.values(commonRoutes),
];

export type VersionRoutes = ReturnType<typeof routesOf>;

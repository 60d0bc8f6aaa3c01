import { Type } from 'typebox';
import { HTML_TYPE, json, route } from '../route.ts';
import { jsonObject } from '../schema.ts';
import { Capabilities, Health } from '../server-info.ts';

export const getCapabilities = route({
  method: 'GET',
  path: '/v1/capabilities',
  operationId: 'getCapabilities',
  tag: 'server',
  summary: 'What this server can do',
  permission: 'authenticated',
  responses: { 200: { description: 'Its capabilities.', content: [json(Capabilities)] } },
  errors: {},
});

export const getOpenApi = route({
  method: 'GET',
  path: '/v1/openapi.json',
  operationId: 'getOpenApi',
  tag: 'server',
  summary: 'This document',
  permission: 'none',
  responses: {
    200: {
      description: 'OpenAPI 3.1.',
      content: [json(jsonObject({ description: 'An OpenAPI document.', examples: [{ openapi: '3.1.0' }] }))],
    },
  },
  errors: {},
});

export const getErrorsPage = route({
  method: 'GET',
  path: '/docs/errors',
  operationId: 'getErrorsPage',
  tag: 'server',
  summary: 'What errors mean, and what to do',
  description:
    'For people: the `type` of a problem leads here. Each `code` and each `reason` has an anchor of its name.',
  permission: 'none',
  responses: {
    200: {
      description: 'A page.',
      content: [
        {
          contentType: HTML_TYPE,
          schema: Type.String({
            description: 'HTML.',
            examples: ['<!doctype html>\n<title>Errors of Volary</title>\n'],
          }),
        },
      ],
    },
  },
  errors: {},
});

export const getHealth = route({
  method: 'GET',
  path: '/healthz',
  operationId: 'getHealth',
  tag: 'server',
  summary: 'Whether the process answers',
  permission: 'none',
  responses: { 200: { description: 'It does.', content: [json(Health)] } },
  errors: {},
});

export const getReadiness = route({
  method: 'GET',
  path: '/readyz',
  operationId: 'getReadiness',
  tag: 'server',
  summary: 'Whether it takes work',
  permission: 'none',
  responses: { 200: { description: 'It does.', content: [json(Health)] } },
  errors: { 503: ['server.not_ready'] },
});

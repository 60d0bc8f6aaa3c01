import { type JsonObject, json, openApiOf } from '@volary/contract';
import { ALL_ROUTES } from './routes.ts';
import { Fault } from './schemas.ts';

/** The OpenAPI 3.1 document of this dialect. */
export function describeNovacron(version: string): JsonObject {
  return openApiOf({
    title: 'NovaCron VM Management Platform',
    version,
    description: 'Virtual machines, by email and password or by key. `/v2-beta` has what `/v1` has.',
    servers: [{ url: 'http://localhost:8083', description: 'A listener of its own: `--listen novacron=:8083`.' }],
    securitySchemes: {
      bearer: {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'JWT',
        description: 'The token of a login, or a key of the server.',
      },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'A key of the server.' },
    },
    routes: ALL_ROUTES,
    tags: {
      auth: 'Logging in.',
      vms: 'Virtual machines.',
      operations: 'What is done to them.',
      monitoring: 'What they use, say, and become.',
    },
    faults: {
      content: [json(Fault)],
      always: { 401: 'Invalid or expired token.', 403: 'Insufficient permissions for operation.' },
      areReasoned: false,
    },
  });
}

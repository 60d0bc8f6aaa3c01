import { type JsonObject, json, openApiOf } from '@volary/contract';
import { routes } from './routes.ts';
import { Fault } from './schemas.ts';

/** The OpenAPI 3.1 document of this dialect. */
export function describeAetherium(version: string): JsonObject {
  return openApiOf({
    title: 'Aetherium API Gateway',
    version,
    description: 'VMs with tools in them, commands, tasks and logs.',
    servers: [{ url: 'http://localhost:8080', description: 'A listener of its own: `PORT=8080`.' }],
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'A token or a key, as `Authorization: Bearer TOKEN`.' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'A key.' },
    },
    routes: Object.values(routes),
    tags: {
      vms: 'Virtual machines.',
      commands: 'Commands in them.',
      tasks: 'What takes its time.',
      logs: 'What was said.',
      integrations: 'What is sent by GitHub, Slack and Discord.',
      events: 'What happens, as it happens.',
      system: 'How the service is.',
    },
    faults: {
      content: [json(Fault)],
      always: { 401: 'Missing or invalid authentication.', 403: 'Not allowed.' },
      areReasoned: false,
    },
  });
}

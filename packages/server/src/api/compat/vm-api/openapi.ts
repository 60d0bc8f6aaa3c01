import { type JsonObject, json, openApiOf } from '@volary/contract';
import { routes } from './routes.ts';
import { Fault } from './schemas.ts';

/** The OpenAPI 3.1 document of this dialect. */
export function describeVmApi(version: string): JsonObject {
  return openApiOf({
    title: 'vm-api',
    version,
    description: 'Hosted workspaces: a VM or a container of its owner, for a time.',
    servers: [{ url: 'http://localhost:3000', description: 'A listener of its own: `--listen vm-api=:3000`.' }],
    securitySchemes: {
      development: {
        type: 'apiKey',
        in: 'header',
        name: 'x-user',
        description: 'Who asks, from this machine or with `--dev-auth`.',
      },
      production: {
        type: 'apiKey',
        in: 'header',
        name: 'X-VM-User',
        description: 'Who asks, by the word of a trusted proxy.',
      },
      bearer: { type: 'http', scheme: 'bearer', description: 'A key of the server, as `Authorization: Bearer KEY`.' },
    },
    routes: Object.values(routes),
    tags: { workspaces: 'Hosted workspaces.', health: 'How the service is.' },
    faults: {
      content: [json(Fault)],
      always: { 401: 'Missing or invalid authentication.', 403: 'Not allowed.' },
      areReasoned: false,
    },
  });
}

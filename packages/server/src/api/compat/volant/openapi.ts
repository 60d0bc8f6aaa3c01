import { type JsonObject, json, openApiOf } from '@volary/contract';
import { toOpenApi30 } from '../openapi-30.ts';
import { routes } from './routes.ts';
import { Fault } from './schemas.ts';

/** The OpenAPI 3.0 document of this dialect. */
export function describeVolant(): JsonObject {
  const document = openApiOf({
    title: 'Volant API',
    // Of the dialect, whatever the server's is.
    version: 'v1',
    description: 'VM orchestration and plugin management',
    servers: [{ url: 'http://localhost:8080', description: 'A listener of its own: `--listen volant=:8080`.' }],
    securitySchemes: {
      bearer: { type: 'http', scheme: 'bearer', description: 'A key of the server, as `Authorization: Bearer KEY`.' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'The same as `X-API-Key: KEY`.' },
    },
    routes: Object.values(routes),
    tags: {
      vms: 'Virtual machines.',
      deployments: 'VMs of one plugin, kept alive.',
      plugins: 'What VMs are made from.',
      system: 'The server.',
      events: 'What becomes of VMs, as it happens.',
      openapi: 'This document.',
    },
    faults: {
      content: [json(Fault)],
      always: {
        401: 'A key is missing or not valid; none is needed on the machine of the server.',
        403: 'Not allowed.',
      },
      areReasoned: false,
    },
  });
  // Whoever is on the machine of the server needs no key.
  const shown = { ...document, security: [{}, { bearer: [] }, { apiKey: [] }] };
  return toOpenApi30(shown, { licenseUrl: 'https://www.apache.org/licenses/LICENSE-2.0' });
}

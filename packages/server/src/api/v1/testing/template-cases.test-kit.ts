import type { OperationName } from '@volary/contract';
import type { VolaryClient } from '@volary/sdk';
import type { Ask } from '../../testing/send.ts';
import type { Case } from './routes.test-kit.ts';

type TemplateRoute = Extract<OperationName, `${string}Template` | 'listTemplates' | 'listTemplateVersions'>;

/** What has to be shown of the routes of templates. */
export function templateCases(
  client: () => VolaryClient,
): Readonly<Record<Exclude<TemplateRoute, `${string}Warm${string}`>, Case>> {
  let made = 0;
  const own = async (enabled = true): Promise<string> => {
    const name = `own-${made++}`;
    await client().operations.finish((await client().templates.create({ name, version: '1.0.0', enabled })).id);
    return name;
  };
  const ofOwn = async (): Promise<Ask> => ({ params: { ref: await own() } });
  const failing = { ask: { params: { ref: 'unknown' } }, status: 404, reason: 'template.unknown' } as const;
  return {
    createTemplate: {
      ask: () => ({
        body: {
          name: `own-${made++}`,
          version: '1.0.0',
          description: 'Of a test',
          resources: { vcpus: 2, memory_mib: 512 },
          labels: { team: 'blue' },
        },
      }),
      status: 202,
      failing: { ask: { body: { name: 'base', version: '9' } }, status: 409, reason: 'template.built_in' },
    },
    listTemplates: {
      ask: async () => {
        await own();
        return { query: { limit: 1 } };
      },
      status: 200,
      failing: { ask: { query: { cursor: 'No Name' } }, status: 400, reason: 'request.invalid' },
    },
    getTemplate: { ask: async () => ({ params: { ref: `${await own()}@1.0.0` } }), status: 200, failing },
    listTemplateVersions: {
      ask: async () => ({ params: { name: await own() } }),
      status: 200,
      failing: { ...failing, ask: { params: { name: 'unknown' } } },
    },
    enableTemplate: { ask: async () => ({ params: { ref: await own(false) } }), status: 200, failing },
    disableTemplate: { ask: ofOwn, status: 200, failing },
    deleteTemplate: {
      ask: ofOwn,
      status: 200,
      failing: { ask: { params: { ref: 'base' } }, status: 409, reason: 'template.built_in' },
    },
  };
}

import type { VolaryClient } from '@volary/sdk';
import type { Case } from './routes.test-kit.ts';

const NO_TEMPLATE = '00000000000000000000000000000000';

/** Settings of a server on which templates are made, and no machines ahead of their VMs. */
export const WARM = { VOLARY_WARM_TEMPLATES: 'on', VOLARY_WARM_POOL_COUNT: '0' } as const;

/** Examples of the routes of warm templates, on a server that makes them. */
export function warmTemplateCases(client: () => VolaryClient) {
  let made = 0;

  /** The key of one that nobody else has. */
  async function template(): Promise<string> {
    const { warmTemplates, operations } = client();
    const { result } = await operations.finish((await warmTemplates.build({ memory_mib: 1000 + made++ })).id);
    return typeof result === 'object' && result !== null && 'key' in result ? String(result['key']) : '';
  }

  return {
    listWarmTemplates: {
      ask: async () => {
        await template();
        return {};
      },
      status: 200,
      failing: { ask: { headers: { authorization: 'Basic x' } }, status: 401, reason: 'auth.key_missing' },
    },
    buildWarmTemplate: {
      ask: () => ({ body: { vcpus: 2, memory_mib: 300 } }),
      status: 202,
      failing: { ask: { body: { image: 'nothing' } }, status: 400, reason: 'vm.unknown_image' },
    },
    deleteWarmTemplate: {
      ask: async () => ({ params: { key: await template() } }),
      status: 204,
      failing: { ask: { params: { key: NO_TEMPLATE } }, status: 404, reason: 'warm_template.unknown' },
    },
  } as const satisfies Readonly<Record<string, Case>>;
}

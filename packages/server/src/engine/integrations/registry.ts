import { INTEGRATION_NAMES, type IntegrationName } from '../../domain/integrations.ts';
import type { Integration } from '../../ports/integration.ts';
import type { EngineDeps } from '../deps.ts';

/** The integrations that there are. */
export interface IntegrationRegistry {
  /** Null: this server is not connected with it, or nothing is called so. */
  find(name: string): Integration | null;
  /** All there could be, in their order, with what this server has of them. */
  all(): readonly { readonly name: IntegrationName; readonly integration: Integration | null }[];
  /** Makes all of them ready; to be called once. */
  initialize(): Promise<void>;
}

export function createRegistry({ integrations }: Pick<EngineDeps, 'integrations'>): IntegrationRegistry {
  const find = (name: string): Integration | null => integrations.find((each) => each.name === name) ?? null;
  return {
    find,
    all: () => INTEGRATION_NAMES.map((name) => ({ name, integration: find(name) })),
    async initialize() {
      for (const integration of integrations) await integration.initialize();
    },
  };
}

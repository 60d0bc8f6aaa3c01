import type { IntegrationName } from '../../domain/integrations.ts';
import type { Component } from '../../domain/system/component.ts';
import type { Integration } from '../../ports/integration.ts';
import type { EngineDeps } from '../deps.ts';
import type { IntegrationRegistry } from '../integrations/registry.ts';
import { component } from './component.ts';
import { createLook, type LookOptions } from './look.ts';

/** How long the other side may take to say how it is. */
const PATIENCE_MS = 3_000;

/** How integrations are, those that this server is not connected with too, in their order. */
export interface IntegrationLooks {
  /** As `Look.lately`, each. */
  lately(options?: LookOptions): Promise<readonly Component[]>;
  now(): Promise<readonly Component[]>;
}

export function createIntegrationLooks(
  { clock }: Pick<EngineDeps, 'clock'>,
  registry: Pick<IntegrationRegistry, 'all'>,
): IntegrationLooks {
  const looks = registry
    .all()
    .map(({ name, integration }) => createLook({ name, ask: () => ask(name, integration) }, clock));

  async function ask(name: IntegrationName, integration: Integration | null): Promise<Component> {
    if (integration === null) return { name, state: 'disabled', why: null, detail: null };
    const [tooLate, answered] = [new AbortController(), new AbortController()];
    const late = clock.sleep(PATIENCE_MS, { signal: answered.signal }).then(
      () => {
        tooLate.abort(new DOMException('it has not answered in time', 'AbortError'));
        return { why: `It has not answered for ${PATIENCE_MS / 1_000} seconds.`, detail: null };
      },
      // The answer has come.
      () => ({ why: null, detail: null }),
    );
    try {
      const { why, detail } = await Promise.race([integration.health({ signal: tooLate.signal }), late]);
      return component(name, why, 'degraded', detail);
    } finally {
      answered.abort();
      await late;
    }
  }

  return {
    lately: (options) => Promise.all(looks.map((look) => look.lately(options))),
    now: () => Promise.all(looks.map((look) => look.now())),
  };
}

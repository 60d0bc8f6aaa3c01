import { VolaryError } from '../../domain/errors.ts';
import type { IntegrationName } from '../../domain/integrations.ts';
import type { OutgoingMessages } from '../../ports/integration.ts';
import type { EngineDeps } from '../deps.ts';
import { createRegistry } from './registry.ts';

/** What sends there. Throws `failed_precondition` integration.not_connected where this server has no token for it. */
export function outgoingOf(deps: Pick<EngineDeps, 'integrations'>, name: IntegrationName): OutgoingMessages {
  const outgoing = createRegistry(deps).find(name)?.outgoing ?? null;
  if (outgoing !== null) return outgoing;
  throw new VolaryError('failed_precondition', `This server has no token to send to ${name} with.`, {
    ...{ reason: 'integration.not_connected', details: { integration: name } },
  });
}

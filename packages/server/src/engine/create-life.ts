import type { Parts } from './create-parts.ts';
import type { EngineConfig, EngineDeps } from './deps.ts';
import { ensureDefaultNetwork } from './networks/default-network.ts';
import { probeDriver } from './queries/hosts.ts';
import { createReadiness, type Readiness } from './readiness/readiness.ts';
import { createSupervisor } from './reconcile/supervisor.ts';
import { sealOlderSecrets } from './webhooks/seal-older-secrets.ts';

/** The life of an engine: it takes work between `start` and `stop`. */
export interface Life {
  start(): Promise<void>;
  stop(): Promise<void>;
  readonly readiness: Readiness;
}

export function createLife(parts: Parts): Life {
  const { deps, identity, registry, rotations, networkKeeper, receiver, builtIns } = parts;
  const { config } = deps;
  const supervisor = createSupervisor({ ...deps, ...parts });
  let notReady: string | null = 'The server is starting.';
  let stopListening = (): void => undefined;

  return {
    readiness: createReadiness({ ...deps, ...parts, whyNotRunning: () => notReady }),
    async start() {
      await registry.initialize();
      await identity.start();
      await sealOlderSecrets(deps);
      await rotations.resume();
      await ensureDefaultNetwork(deps);
      stopListening = deps.bus.subscribe('networks', () => networkKeeper.refresh());
      networkKeeper.refresh();
      await supervisor.start();
      const now = deps.clock.now();
      await deps.store.events.append([serverEvent('server.started', config, now)]);
      notReady = null;
      await warnWithoutProgram(deps);
    },
    async stop() {
      notReady = 'The server is stopping.';
      try {
        await deps.store.events.append([serverEvent('server.stopping', config, deps.clock.now())]);
        deps.bus.publish('events', '');
      } catch (error) {
        // A full disk, say: it stops in order all the same.
        deps.log.warn('that the server stops could not be written down', { error });
      }
      await receiver.stop();
      await supervisor.stop();
      await builtIns.untilDone();
      await identity.stop();
      stopListening();
      await networkKeeper.stop();
    },
  };
}

/** Everything but starting a VM works then, so that it is no reason not to start. */
async function warnWithoutProgram(deps: EngineDeps): Promise<void> {
  const { version, accelerator } = await probeDriver(deps, null);
  if (version === '') deps.log.warn('no VM can be started on this host', { why: accelerator.explanation });
}

function serverEvent(type: 'server.started' | 'server.stopping', config: EngineConfig, at: number) {
  return {
    type,
    at,
    subject: config.hostId,
    vmId: null,
    owner: null,
    operationId: null,
    data: { version: config.version },
  } as const;
}

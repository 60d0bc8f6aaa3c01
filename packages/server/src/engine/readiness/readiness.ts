import type { Component } from '../../domain/system/component.ts';
import type { EngineDeps } from '../deps.ts';
import type { NetworkKeeper } from '../networks/network-keeper.ts';
import { describeDrivers } from '../queries/drivers.ts';
import type { DiskSpace } from '../reconcile/disk-space.ts';
import { createArchiveLook } from './archive-look.ts';
import { createBusProbe } from './bus-probe.ts';
import { component } from './component.ts';
import { createDatabaseProbe } from './database-probe.ts';
import type { IntegrationLooks } from './integration-looks.ts';
import type { LookOptions } from './look.ts';
import { type ObservingDeps, observing } from './observing.ts';

type ReadinessDeps = Pick<
  EngineDeps,
  'store' | 'bus' | 'clock' | 'drivers' | 'networks' | 'rateLimiter' | 'logArchive'
> &
  ObservingDeps & {
    readonly diskSpace: Pick<DiskSpace, 'whyFull'>;
    readonly networkKeeper: Pick<NetworkKeeper, 'whyNot'>;
    readonly integrationLooks: IntegrationLooks;
    /** A sentence while the server starts or stops, else null. */
    readonly whyNotRunning: () => string | null;
  };

/** Whether the server takes work, and what keeps it from that. */
export interface Readiness {
  /** The first part that keeps the server from taking work; null: it does. Quick, so that it can be asked for all the time. */
  firstFailed(): Promise<Component | null>;
  /** The database and the event bus, as they are now, and what keeps the log elsewhere and the integrations, as they were a minute ago at most: what anybody may be told of. */
  vitals(options?: LookOptions): Promise<readonly Component[]>;
  /** All parts, as they are now. */
  components(): Promise<readonly Component[]>;
}

export function createReadiness(deps: ReadinessDeps): Readiness {
  const database = createDatabaseProbe(deps);
  const eventBus = createBusProbe(deps);
  const archive = createArchiveLook(deps);

  /** Without these nothing goes. Each is asked only if those before it are well: a server that starts has nothing to tell of its database. */
  const NEEDED: readonly (readonly [string, () => string | null | Promise<string | null>])[] = [
    ['server', deps.whyNotRunning],
    ['disk', () => deps.diskSpace.whyFull()],
    ['database', () => database.why()],
  ];

  return {
    async firstFailed() {
      for (const [name, ask] of NEEDED) {
        const why = await ask();
        if (why !== null) return component(name, why, 'failed');
      }
      return null;
    },
    async vitals(options) {
      const [databaseWhy, busWhy, kept, integrations] = await Promise.all([
        database.why(),
        eventBus.why(),
        archive.lately(options),
        deps.integrationLooks.lately(options),
      ]);
      return [
        component('database', databaseWhy, 'failed'),
        component('event_bus', busWhy, 'degraded'),
        kept,
        ...integrations,
      ];
    },
    async components() {
      const needed = NEEDED.map(async ([name, ask]) => component(name, await ask(), 'failed'));
      const drivers = (await describeDrivers(deps)).map(({ kind, whyNot }) =>
        component(`driver.${kind}`, whyNot, 'degraded'),
      );
      return [
        ...(await Promise.all(needed)),
        component('event_bus', await eventBus.why(), 'degraded'),
        ...drivers,
        component('networks', deps.networkKeeper.whyNot() ?? deps.networks.whyNone, 'degraded'),
        component('rate_limiter', deps.rateLimiter.whyAlone(), 'degraded'),
        ...(await observing(deps)),
        await archive.now(),
        ...(await deps.integrationLooks.now()),
      ];
    },
  };
}

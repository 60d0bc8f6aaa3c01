/** Puts the server together: the one place that knows every adapter. */
import { createMemoryBus } from './adapters/bus/memory-bus.ts';
import { createAgentLink } from './adapters/guest-links/agent/agent-link.ts';
import { createHostProbe } from './adapters/hosts/host-probe.ts';
import { createImageSource } from './adapters/images/image-source.ts';
import { createMemoryQueue } from './adapters/queue/memory-queue.ts';
import { lockDataDir } from './adapters/shared/data-dir-lock.ts';
import { createSqliteStore } from './adapters/stores/sqlite/sqlite-store.ts';
import { createSystemClock } from './adapters/system/system-clock.ts';
import { createSystemIds } from './adapters/system/system-ids.ts';
import type { Config } from './config/config.ts';
import { createEngine, type RunningEngine } from './engine/create-engine.ts';
import type { Ids } from './ports/ids.ts';
import type { Log } from './ports/log.ts';

export interface Composition extends AsyncDisposable {
  readonly engine: RunningEngine;
  readonly ids: Ids;
}

export async function compose(config: Config, log: Log): Promise<Composition> {
  throw new Error('to be wired');
}

import { VolaryError } from '../../domain/errors.ts';
import type { HostFacts } from '../../ports/host-facts.ts';
import type { EngineConfig, EngineDeps } from '../deps.ts';

/** What is needed to have machines without a VM give way to one with. */
export interface RoomDeps extends Pick<EngineDeps, 'hostProbe'> {
  readonly config: EngineConfig;
  /** Ends the machines that wait for VMs. */
  readonly giveWay: () => Promise<unknown>;
}

interface Try {
  /** Whether it would be tried again, with more room, if it threw this. */
  readonly canRetry: (error: unknown) => boolean;
}

/**
 * Admits something by what is measured of the host. Refused for want of memory which machines that wait for their VMs may have, it is tried once more without
 * those. Throws what the last try did.
 */
export async function makingRoom<Result>(
  deps: RoomDeps,
  attempt: (facts: HostFacts, options: Try) => Promise<Result>,
): Promise<Result> {
  const canRetry = (error: unknown): boolean => isShort(error, deps.config);
  try {
    return await attempt(await deps.hostProbe.measure(), { canRetry });
  } catch (error) {
    if (!canRetry(error)) throw error;
    await deps.giveWay();
    return await attempt(await deps.hostProbe.measure(), { canRetry: () => false });
  }
}

/** What is asked for beyond reason, or was promised to VMs, nobody's giving way would help. */
function isShort(error: unknown, { limits, warm }: EngineConfig): boolean {
  if (!(error instanceof VolaryError) || error.reason !== 'host.no_memory') return false;
  const [wanted, free, promised, host] = ['wanted_mib', 'free_mib', 'promised_mib', 'host_mib'].map((figure) =>
    Number(error.details[figure]),
  );
  if (wanted === undefined || free === undefined || promised === undefined || host === undefined) return false;
  return wanted <= host - limits.memoryReserveMib - promised && wanted <= free + warm.poolMemoryMib;
}

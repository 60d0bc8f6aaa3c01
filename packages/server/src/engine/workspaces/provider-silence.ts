/**
 * Whether whoever is to run the VM of a workspace answers at all. What asks it for anything is asked again and again until it does, so that a VM waits for as long
 * as that takes; who waits for a workspace is told after a while. That is no end: when it answers, all goes on.
 */
import { VolaryError } from '../../domain/errors.ts';
import type { WorkspaceId } from '../../domain/ids.ts';
import type { Vm } from '../../domain/vm/vm.ts';
import type { Workspace } from '../../domain/workspace/workspace.ts';
import type { EngineDeps } from '../deps.ts';
import { withTimeout } from '../with-timeout.ts';
import { writeTrouble } from './workspace-writer.ts';

/** How long it may be silent before that is told, and how long one question may take, milliseconds. */
const SILENCE = { mostMs: 20_000, answerMs: 10_000 } as const;

export interface ProviderSilence {
  /** To be called now and then for one whose VM does not run yet. Throws `conflict` store.revision. */
  look(workspace: Workspace, vm: Vm): Promise<void>;
  forget(id: WorkspaceId): void;
}

export function createProviderSilence(deps: Pick<EngineDeps, 'store' | 'bus' | 'clock' | 'drivers'>): ProviderSilence {
  const sinceMs = new Map<WorkspaceId, number>();
  return {
    async look(workspace, vm) {
      const { id, setup } = workspace;
      const why = await whyNoAnswer(deps, vm);
      if (why === null) {
        sinceMs.delete(id);
        if (setup.message !== null) await writeTrouble(deps, workspace, null);
        return;
      }
      const nowMs = deps.clock.monotonicMs();
      const firstMs = sinceMs.get(id) ?? nowMs;
      sinceMs.set(id, firstMs);
      if (nowMs - firstMs >= SILENCE.mostMs && setup.message !== why) await writeTrouble(deps, workspace, why);
    },
    forget: (id) => void sinceMs.delete(id),
  };
}

/** Null: it answers. */
async function whyNoAnswer({ drivers, clock }: Pick<EngineDeps, 'drivers' | 'clock'>, vm: Vm): Promise<string | null> {
  try {
    await withTimeout(
      clock,
      SILENCE.answerMs,
      new AbortController().signal,
      (signal) => drivers.of(vm).inspect(vm.id, { signal }),
      () =>
        new VolaryError('unavailable', `The ${vm.driver} driver does not answer.`, {
          reason: 'driver.engine_unreachable',
        }),
    );
    return null;
  } catch (error) {
    if (!(error instanceof VolaryError)) throw error;
    return error.message;
  }
}

import type { EngineDeps } from '../deps.ts';
import { component } from './component.ts';
import { createLook, type Look } from './look.ts';

/** How what keeps lines elsewhere is. */
export function createArchiveLook({ logArchive, clock }: Pick<EngineDeps, 'logArchive' | 'clock'>): Look {
  return createLook(async () => {
    if (logArchive === null) return { name: 'loki', state: 'disabled', why: null, detail: null };
    return component(logArchive.name, await logArchive.whyNot(), 'degraded');
  }, clock);
}

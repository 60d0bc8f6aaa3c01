import type { Component } from '../../domain/system/component.ts';
import type { EngineDeps } from '../deps.ts';
import { component } from './component.ts';
import { createLook, type Look } from './look.ts';

/** How what keeps lines elsewhere is. */
export function createArchiveLook({ logArchive, clock }: Pick<EngineDeps, 'logArchive' | 'clock'>): Look {
  const name = logArchive?.name ?? 'loki';
  const ask = async (): Promise<Component> => {
    if (logArchive === null) return { name, state: 'disabled', why: null, detail: null };
    return component(name, await logArchive.whyNot(), 'degraded');
  };
  return createLook({ name, ask }, clock);
}

import type { AllowedTargets } from '../../domain/net/target.ts';
import type { ToolSource } from '../../ports/tool-source.ts';
import { createFetcher } from '../shared/fetch/fetcher.ts';
import { placeOf, placesOf, readCatalogue } from './catalogue.ts';
import { createToolSource, type ToolSourceDeps } from './tool-source.ts';

export interface OpenedTools extends Omit<ToolSourceDeps, 'catalogue' | 'fetcher'> {
  /** Where our catalogue lies, and where the operator's would. */
  readonly cataloguePath: string;
  readonly operatorsPath: string;
  /** Besides the public network, and the places that the catalogue names: who wrote them down there means them. */
  readonly allowedTargets: AllowedTargets;
  /** Of the program. */
  readonly version: string;
}

/** The tools of a catalogue. Throws `invalid_argument` tool.bad_catalogue. */
export async function openToolSource(given: OpenedTools): Promise<ToolSource> {
  const { cataloguePath, operatorsPath, allowedTargets, version, ...deps } = given;
  const catalogue = await readCatalogue(cataloguePath, operatorsPath);
  const places = [...allowedTargets.places, placeOf(deps.registry), ...placesOf(catalogue)];
  const fetcher = createFetcher({ allowedTargets: { ...allowedTargets, places }, version });
  return createToolSource({ ...deps, catalogue, fetcher });
}

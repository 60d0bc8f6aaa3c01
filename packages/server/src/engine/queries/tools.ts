import { parseSelector, selects } from '../../domain/labels/selector.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { ToolEntry } from '../apis/tool-api.ts';
import type { EngineDeps } from '../deps.ts';

type QueryDeps = Pick<EngineDeps, 'tools' | 'store'>;

/** What was built of tools that are in the catalogue no more comes last. */
export async function listTools(
  deps: QueryDeps,
  principal: Principal,
  { selector = '' }: { readonly selector?: string } = {},
): Promise<readonly ToolEntry[]> {
  authorise(principal, 'tool:read');
  const wanted = parseSelector(selector);
  return (await findTools(deps)).filter(({ labels }) => selects(wanted, labels));
}

async function findTools({ tools, store }: QueryDeps): Promise<readonly ToolEntry[]> {
  const packs = await tools.list();
  const labels = await store.namedLabels.list('tool');
  const ofName = (name: string) => ({
    packs: packs.filter((pack) => pack.name === name),
    labels: labels.get(name) ?? {},
  });
  const known = (await tools.catalogue()).map((entry) => ({ ...entry, ...ofName(entry.name) }));
  const names = new Set(known.map(({ name }) => name));
  const others = [...new Set(packs.map(({ name }) => name))].filter((name) => !names.has(name));
  const gone = others.map((name) => ({
    ...{ name, description: 'Not in the catalogue any more', aliases: [], sources: [] },
    ...ofName(name),
  }));
  return [...known, ...gone];
}

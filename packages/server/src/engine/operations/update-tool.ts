import { VolaryError } from '../../domain/errors.ts';
import { checkLabels } from '../../domain/labels/labels.ts';
import type { Principal } from '../../domain/principal/principal.ts';
import { authorise } from '../access/authorise.ts';
import type { ToolEntry } from '../apis/tool-api.ts';
import { auditTarget, recordAudit } from '../audit/record-audit.ts';
import type { EngineDeps } from '../deps.ts';

/** Gives a tool of the catalogue other labels. They are kept when it leaves the catalogue, for when it comes back. */
export async function updateTool(
  { tools, store, clock }: Pick<EngineDeps, 'tools' | 'store' | 'clock'>,
  principal: Principal,
  ref: string,
  { labels }: { readonly labels?: Readonly<Record<string, string>> },
): Promise<ToolEntry> {
  authorise(principal, 'tool:update');
  if (labels !== undefined) checkLabels(labels);
  const catalogue = await tools.catalogue();
  const entry = catalogue.find(({ name, aliases }) => name === ref || aliases.includes(ref));
  if (entry === undefined) throw unknownTool(ref);
  const kept = await store.transaction(async (tables) => {
    if (labels !== undefined) await tables.namedLabels.put('tool', entry.name, labels);
    await recordAudit(tables, clock, principal, {
      action: 'tool.update',
      target: auditTarget('tool', { name: entry.name }),
      details: { changed: labels === undefined ? [] : ['labels'] },
    });
    return await tables.namedLabels.list('tool');
  });
  const packs = (await tools.list()).filter((pack) => pack.name === entry.name);
  return { ...entry, packs, labels: kept.get(entry.name) ?? {} };
}

function unknownTool(name: string): VolaryError {
  return new VolaryError('invalid_argument', `There is no tool ${name} in the catalogue.`, {
    reason: 'tool.unknown',
    details: { field: 'name', name },
  });
}

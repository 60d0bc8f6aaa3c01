/** What names packs of tools: looked up in the store each time, as all that something needs. */
import type { StorageUser } from '../../domain/system/usage.ts';
import { titleOfTemplate } from '../../domain/template/template.ts';
import { parseToolRequest, type ToolPack, toolText, type VmTool } from '../../domain/tool/tool.ts';
import { newestOf, parseRange } from '../../domain/tool/version-range.ts';
import type { Tables } from '../../ports/store.ts';
import type { CatalogueEntry } from '../../ports/tool-source.ts';
import type { EngineDeps } from '../deps.ts';
import { everyRevision, userOf } from '../queries/every-revision.ts';
import { everySnapshot } from '../queries/every-snapshot.ts';
import { everyTemplate } from '../queries/every-template.ts';
import { everyVm } from '../queries/every-vm.ts';

/** By the packs' digests. */
export type PackUsers = ReadonlyMap<string, readonly StorageUser[]>;

/**
 * VMs and snapshots that have one of these packs, or are about to get it: they keep what they have, and without them its room would be free. And deployments with a
 * revision whose replicas have it.
 */
export async function findHolders(
  tables: Pick<Tables, 'vms' | 'snapshots' | 'deployments'>,
  packs: readonly ToolPack[],
): Promise<PackUsers> {
  const users = new Map<string, StorageUser[]>();
  for await (const { id, name, spec } of everyVm(tables)) note(users, packs, spec.tools, { kind: 'vm', id, name });
  for await (const snapshot of everySnapshot(tables)) {
    if (snapshot.state === 'failed') continue;
    const user = { kind: 'snapshot', id: snapshot.id, name: snapshot.name ?? snapshot.id } as const;
    note(users, packs, snapshot.spec.tools, user);
  }
  for await (const { deployment, revision } of everyRevision(tables))
    note(users, packs, revision.content.spec.tools, userOf(deployment));
  return users;
}

/**
 * The same with templates, disabled ones too, for whose next VM a pack would have to be built again, and with builds that are under way. Machines that wait
 * for their VMs have no tools.
 */
export async function findPackUsers(
  { store, tools }: Pick<EngineDeps, 'store' | 'tools'>,
  packs: readonly ToolPack[],
): Promise<PackUsers> {
  const users = new Map([...(await findHolders(store, packs))].map(([digest, holders]) => [digest, [...holders]]));
  const catalogue = packs.length === 0 ? [] : await tools.catalogue();
  for await (const template of everyTemplate(store)) {
    const meant = packsMeantBy(template.content.tools, packs, catalogue);
    note(users, packs, meant, { kind: 'template', id: template.id, name: titleOfTemplate(template) });
  }
  for (const { id, subject } of await store.operations.listActive()) {
    const built = subject.kind === 'tool' ? packs.filter((pack) => toolText(pack) === subject.name) : [];
    note(users, packs, built, { kind: 'build', id, name: `${subject.name}` });
  }
  return users;
}

/** Of these packs the ones that a VM would be given now which asks for tools so. */
export function packsMeantBy(
  asked: readonly string[],
  packs: readonly ToolPack[],
  catalogue: readonly CatalogueEntry[],
): readonly ToolPack[] {
  const nameOf = (word: string): string => catalogue.find(({ aliases }) => aliases.includes(word))?.name ?? word;
  return asked.flatMap((text) => meantBy(text, packs, nameOf) ?? []);
}

/** The pack that a VM would be given which asks for this now; null: none of these. */
function meantBy(text: string, packs: readonly ToolPack[], nameOf: (word: string) => string): ToolPack | null {
  const request = parseToolRequest(text);
  if (request === null) return null;
  const ofTool = packs.filter(({ name }) => name === nameOf(request.name));
  const versions = ofTool.map(({ version }) => version);
  // The name of a source is no range: whatever is newest is meant, as without one.
  const isIn = request.range === null ? null : parseRange(request.range);
  const version = versions.find((each) => each === request.range) ?? newestOf(versions, isIn ?? undefined);
  return ofTool.find((pack) => pack.version === version) ?? null;
}

/** One whose digest is not known yet is the one of its version. */
function note(
  users: Map<string, StorageUser[]>,
  packs: readonly ToolPack[],
  tools: readonly VmTool[],
  user: StorageUser,
): void {
  for (const { digest } of packs.filter((pack) => tools.some((tool) => isOf(tool, pack))))
    users.set(digest, withUser(users.get(digest) ?? [], user));
}

/** One that needs a thing for several reasons is named once. */
function withUser(users: readonly StorageUser[], user: StorageUser): StorageUser[] {
  return [...users.filter(({ kind, id }) => kind !== user.kind || id !== user.id), user];
}

function isOf({ name, version, digest }: VmTool, pack: ToolPack): boolean {
  return digest === null ? pack.name === name && pack.version === version : pack.digest === digest;
}

import type { Template } from '../../domain/template/template.ts';
import type { Tables } from '../../ports/store.ts';
import type { NewTemplate } from '../apis/template-api.ts';
import type { EngineDeps } from '../deps.ts';
import { completeContent } from '../operations/create-template.ts';

type SyncDeps = Pick<
  EngineDeps,
  'store' | 'clock' | 'ids' | 'drivers' | 'networks' | 'images' | 'log' | 'builtInTemplates'
>;

/** Whose they are. */
const OWNER = 'system';

/** The templates that came with this version of the program, in the store. */
export interface BuiltInTemplates {
  /**
   * Resolves when the store knows them, or it has been told why it does not. Whoever is first has them read: that takes longer than all else of a
   * start, and a parser more memory than all else of it, for what few need.
   */
  whenKnown(): Promise<void>;
  /** Resolves when nobody works on them: a server stops after that. */
  untilDone(): Promise<void>;
}

/** What goes wrong costs the built-in templates alone: those that the store has are there. */
export function createBuiltInTemplates(deps: SyncDeps): BuiltInTemplates {
  let known: Promise<void> | null = null;
  return {
    whenKnown() {
      known ??= sync(deps).catch((error: unknown) => {
        deps.log.error('the templates that are built in could not be read', { error });
      });
      return known;
    },
    untilDone: () => known ?? Promise.resolve(),
  };
}

/**
 * Has the store know them, and no other built-in ones. One that was disabled stays so. A name that somebody took before it was built in
 * stays theirs.
 */
async function sync(deps: SyncDeps): Promise<void> {
  const wanted = await deps.builtInTemplates();
  await deps.store.transaction(async (tables) => {
    const known = await tables.templates.listBuiltIn();
    for (const asked of wanted) await keep(deps, tables, asked, known);
    for (const { id, name, version, revision } of known) {
      if (!wanted.some((asked) => asked.name === name && asked.version === version))
        await tables.templates.delete(id, revision);
    }
  });
}

async function keep(deps: SyncDeps, tables: Tables, asked: NewTemplate, known: readonly Template[]): Promise<void> {
  const { name, version, description } = asked;
  const content = await completeContent(deps, asked.content);
  const ofName = known.filter((each) => each.name === name);
  const same = ofName.find((each) => each.version === version);
  const now = deps.clock.now();
  if (same !== undefined) {
    const next = { ...same, description, content };
    if (textOf(next) !== textOf(same))
      await tables.templates.update({ ...next, updatedAt: now, revision: same.revision + 1 });
    return;
  }
  const others = (await tables.templates.listVersions(name)).filter(({ isBuiltIn }) => !isBuiltIn);
  if (others.length > 0) {
    deps.log.warn('a template that is built in has the name of one that is not, and stays out', { name });
    return;
  }
  await tables.templates.insert({
    id: deps.ids.create('tpl'),
    ...{ name, version, description, content },
    ...{ state: 'ready', operationId: null, isBuiltIn: true, owner: OWNER },
    isEnabled: ofName.every(({ isEnabled }) => isEnabled) && asked.isEnabled,
    createdAt: now,
    updatedAt: now,
    lastUsedAt: null,
    revision: 1,
  });
}

/** The same for what is the same, in whatever order its fields were read. */
function textOf({ description, content }: Template): string {
  const { spec, tools, labels } = content;
  const sorted = (value: object): unknown => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([description, sorted(spec), tools, sorted(labels)]);
}

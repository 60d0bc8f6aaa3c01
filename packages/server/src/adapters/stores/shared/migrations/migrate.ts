import { type Kysely, sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { VolaryError } from '../../../../domain/errors.ts';
import type { ColumnTypes, Migration } from './migration.ts';

export interface MigrateOptions {
  /** All that this version knows, oldest first. */
  readonly migrations: readonly Migration[];
  readonly types: ColumnTypes;
  /**
   * Called before stored data is altered, with the name of the last migration that has been applied. Nothing is altered if it
   * rejects.
   */
  readonly copyAside: (lastApplied: string) => Promise<void>;
}

/**
 * Brings the schema up to date, all pending steps or none. Throws `failed_precondition` store.newer_version if a newer
 * version of this program has been at the database, which is then left as it is.
 */
export async function migrate(db: Kysely<unknown>, options: MigrateOptions): Promise<void> {
  const applied = await appliedMigrations(db);
  const pending = pendingMigrations(applied, options.migrations);
  if (pending.length === 0) return;
  const lastApplied = applied.at(-1);
  if (lastApplied !== undefined && pending.some(({ altersData }) => altersData)) await options.copyAside(lastApplied);
  const migrator = new Migrator({
    db,
    provider: {
      getMigrations: async () =>
        Object.fromEntries(
          options.migrations.map(({ name, up }) => [
            name,
            { up: (target: Kysely<unknown>) => up(target, options.types) },
          ]),
        ),
    },
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}

/** Names of the migrations that have been applied, oldest first. */
async function appliedMigrations(db: Kysely<unknown>): Promise<readonly string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === 'kysely_migration')) return [];
  const { rows } = await sql<{ readonly name: string }>`select name from kysely_migration order by name`.execute(db);
  return rows.map(({ name }) => name);
}

function pendingMigrations(applied: readonly string[], known: readonly Migration[]): readonly Migration[] {
  const names = new Set(known.map(({ name }) => name));
  const unknown = applied.filter((name) => !names.has(name));
  if (unknown.length > 0) throw newerVersion(applied.at(-1), known.at(-1)?.name);
  return known.filter(({ name }) => !applied.includes(name));
}

function newerVersion(stored: string | undefined, known: string | undefined): VolaryError {
  return new VolaryError(
    'failed_precondition',
    `The database was last used by a newer version of Volary (its schema is ${stored}, this version knows up to ${known}); run that version, or put back the copy that it made of the database before it changed it.`,
    { reason: 'store.newer_version', details: { stored: stored ?? null, known: known ?? null } },
  );
}

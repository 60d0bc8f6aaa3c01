import type { Kysely, RawBuilder } from 'kysely';

/** What databases name differently, as SQL: types of columns, triggers. */
export interface ColumnTypes {
  /** Whole numbers up to 2^53. */
  readonly integer: RawBuilder<unknown>;
  readonly bytes: RawBuilder<unknown>;
  /** Text that is ordered by its bytes, whatever the database's language is. */
  readonly id: RawBuilder<unknown>;
  /** The statement after which the database refuses each change of a row of this table. */
  refuseUpdates(table: string): RawBuilder<unknown>;
}

/** One step of the schema. Once released it is never changed: a mistake is mended by the next one. */
export interface Migration {
  /** `0001-initial`. They are applied in the order of their names. */
  readonly name: string;
  /** True when it rewrites or drops what is stored: the database is then copied aside first. */
  readonly altersData: boolean;
  up(db: Kysely<unknown>, types: ColumnTypes): Promise<void>;
}

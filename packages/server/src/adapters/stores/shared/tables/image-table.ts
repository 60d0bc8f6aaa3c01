import type { Kysely } from 'kysely';
import type { ImageTable } from '../../../../ports/image-table.ts';
import { decodeImage, decodeImageUse, encodeImage } from '../codecs/image-codec.ts';
import type { Connection } from '../connection.ts';
import type { ImageRow, ImageUseRow, Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

/** The queries on definitions of images, compiled; one set serves all connections. */
export type ImageStatements = ReturnType<typeof createImageStatements>;

export function createImageStatements(db: Kysely<Schema>) {
  return {
    put: prepareStatement<ImageRow, unknown>((place) =>
      db
        .insertInto('images')
        .values({
          name: place('name'),
          definition: place('definition'),
          owner: place('owner'),
          template: place('template'),
          created_at: place('created_at'),
          updated_at: place('updated_at'),
        })
        .onConflict((conflict) =>
          conflict.column('name').doUpdateSet({
            definition: place('definition'),
            owner: place('owner'),
            template: place('template'),
            created_at: place('created_at'),
            updated_at: place('updated_at'),
          }),
        ),
    ),
    get: prepareStatement<Pick<ImageRow, 'name'>, ImageRow>((place) =>
      db.selectFrom('images').selectAll().where('name', '=', place('name')),
    ),
    count: prepareStatement<object, { readonly count: number }>(() =>
      db.selectFrom('images').select(({ fn }) => fn.countAll<number>().as('count')),
    ),
    delete: prepareStatement<Pick<ImageRow, 'name'>, unknown>((place) =>
      db.deleteFrom('images').where('name', '=', place('name')),
    ),
    noteUsed: prepareStatement<ImageUseRow, unknown>((place) =>
      db
        .insertInto('image_uses')
        .values({ digest: place('digest'), used_at: place('used_at') })
        .onConflict((conflict) =>
          conflict
            .column('digest')
            .doUpdateSet({ used_at: place('used_at') })
            .where('image_uses.used_at', '<', place('used_at')),
        ),
    ),
    listUses: prepareStatement<object, ImageUseRow>(() => db.selectFrom('image_uses').selectAll().orderBy('digest')),
    forgetUse: prepareStatement<Pick<ImageUseRow, 'digest'>, unknown>((place) =>
      db.deleteFrom('image_uses').where('digest', '=', place('digest')),
    ),
    list: ({ limit, after, template }: Parameters<ImageTable['list']>[0]) => {
      let query = db.selectFrom('images').selectAll().orderBy('name').limit(limit);
      if (after !== null) query = query.where('name', '>', after);
      if (template !== undefined) query = query.where('template', '=', template);
      return query.compile();
    },
  };
}

/** The table over one connection. */
export function createImageTable(connection: Connection, statements: ImageStatements): ImageTable {
  return {
    async put(image) {
      await connection.execute(statements.put(encodeImage(image)));
    },
    async get(name) {
      const { rows } = await connection.execute(statements.get({ name }));
      return rows[0] === undefined ? null : decodeImage(rows[0]);
    },
    async list(page) {
      const { rows } = await connection.execute(statements.list(page));
      return rows.map(decodeImage);
    },
    async count() {
      const { rows } = await connection.execute(statements.count({}));
      return rows[0]?.count ?? 0;
    },
    async delete(name) {
      const { changedRows } = await connection.execute(statements.delete({ name }));
      return changedRows > 0;
    },
    async noteUsed(digest, at) {
      await connection.execute(statements.noteUsed({ digest, used_at: at }));
    },
    async listUses() {
      const { rows } = await connection.execute(statements.listUses({}));
      return rows.map(decodeImageUse);
    },
    async forgetUse(digest) {
      await connection.execute(statements.forgetUse({ digest }));
    },
  };
}

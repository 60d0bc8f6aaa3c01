import type { Kysely } from 'kysely';
import type { ImageTable } from '../../../../ports/tables/image-table.ts';
import {
  decodeImage,
  decodeImageRequest,
  decodeImageUse,
  encodeImage,
  encodeImageRequest,
} from '../codecs/image-codec.ts';
import type { Connection } from '../connection.ts';
import { defineTable } from '../define-table.ts';
import type { ImageRequestRow, ImageRow, ImageUseRow } from '../rows/image-row.ts';
import type { Schema } from '../schema.ts';
import { prepareStatement } from '../statement.ts';

export const IMAGE_TABLE = defineTable({
  statements: createImageStatements,
  table: createImageTable,
  methods: {
    put: 'writes',
    get: 'reads',
    list: 'reads',
    count: 'reads',
    delete: 'writes',
    putRequest: 'writes',
    getRequest: 'reads',
    keepRequests: 'writes',
    noteUsed: 'writes',
    listUses: 'reads',
    forgetUse: 'writes',
  },
});

/** The queries on definitions of images, compiled; one set serves all connections. */
type ImageStatements = ReturnType<typeof createImageStatements>;

function createImageStatements(db: Kysely<Schema>) {
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
    putRequest: prepareStatement<ImageRequestRow, unknown>((place) =>
      db
        .insertInto('image_requests')
        .values({ operation_id: place('operation_id'), definition: place('definition'), labels: place('labels') })
        .onConflict((conflict) =>
          conflict.column('operation_id').doUpdateSet({ definition: place('definition'), labels: place('labels') }),
        ),
    ),
    getRequest: prepareStatement<Pick<ImageRequestRow, 'operation_id'>, ImageRequestRow>((place) =>
      db.selectFrom('image_requests').selectAll().where('operation_id', '=', place('operation_id')),
    ),
    keepRequests: (ids: readonly string[]) => {
      const all = db.deleteFrom('image_requests');
      return (ids.length === 0 ? all : all.where('operation_id', 'not in', ids)).compile();
    },
    noteUsed: prepareStatement<ImageUseRow, unknown>((place) =>
      db
        .insertInto('image_uses')
        .values({ name: place('name'), used_at: place('used_at') })
        .onConflict((conflict) =>
          conflict
            .column('name')
            .doUpdateSet({ used_at: place('used_at') })
            .where('image_uses.used_at', '<', place('used_at')),
        ),
    ),
    listUses: prepareStatement<object, ImageUseRow>(() => db.selectFrom('image_uses').selectAll().orderBy('name')),
    forgetUse: prepareStatement<Pick<ImageUseRow, 'name'>, unknown>((place) =>
      db.deleteFrom('image_uses').where('name', '=', place('name')),
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
function createImageTable(connection: Connection, statements: ImageStatements): ImageTable {
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
    async putRequest(id, request) {
      await connection.execute(statements.putRequest(encodeImageRequest(id, request)));
    },
    async getRequest(id) {
      const { rows } = await connection.execute(statements.getRequest({ operation_id: id }));
      return rows[0] === undefined ? null : decodeImageRequest(rows[0]);
    },
    async keepRequests(ids) {
      await connection.execute(statements.keepRequests(ids));
    },
    async noteUsed(name, at) {
      await connection.execute(statements.noteUsed({ name, used_at: at }));
    },
    async listUses() {
      const { rows } = await connection.execute(statements.listUses({}));
      return rows.map(decodeImageUse);
    },
    async forgetUse(name) {
      await connection.execute(statements.forgetUse({ name }));
    },
  };
}

import type { Migration } from 'kysely/migration';

/** Which image a stream's server ran in, as its spawner said while the stream was live. Beside the stream, whose row is hot. */
export const streamImage: Migration = {
  async up(db) {
    await db.schema
      .createTable('stream_image')
      .addColumn('stream_id', 'integer', column => column.primaryKey().references('stream.id'))
      .addColumn('image', 'text', column => column.notNull())
      .execute();
  }
};

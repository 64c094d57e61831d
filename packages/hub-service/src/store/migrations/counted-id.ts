import type { ColumnDefinitionBuilder } from 'kysely';
import type { DatabaseKind } from '../database.js';

/**
 * Type and properties of a column with which the database counts the rows of a table, for `addColumn('id', …)`. No number comes
 * twice, also not that of a row which was deleted.
 *
 * @param type - on PostgreSQL; SQLite counts in `integer` alone, which is as wide.
 */
export function countedId(
  kind: DatabaseKind,
  type: 'integer' | 'bigint' = 'integer'
): [type: 'integer' | 'bigint', build: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder] {
  return kind === 'sqlite'
    ? ['integer', column => column.primaryKey().autoIncrement()]
    : [type, column => column.primaryKey().generatedAlwaysAsIdentity()];
}

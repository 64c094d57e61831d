/** `node --import`: a service on SQLite that stores a batch wherever its stream stands: what comes again is there twice. */
import { DatabaseSync } from 'node:sqlite';

const { prepare } = DatabaseSync.prototype;

DatabaseSync.prototype.prepare = function (text, ...more) {
  const changed = text
    .replace('create unique index "record_stream"', 'create index "record_stream"')
    .replace(
      /(update stream set .* where id = \?) and seq = \? and head = \?/,
      '$1 and ? is not null and ? is not null'
    );
  return Reflect.apply(prepare, this, [changed, ...more]);
};

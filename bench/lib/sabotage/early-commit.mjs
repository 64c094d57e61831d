/** `node --import`: a service on SQLite that says "stored" before it commits: what the test of the kills would find. */
import { DatabaseSync } from 'node:sqlite';

const LATE_MS = 400;
const { prepare, close } = DatabaseSync.prototype;
/** Connections that have moved a stream: others, such as those that make the schema, do as they should. */
const appending = new WeakSet();
const timers = new WeakMap();

function commit(database) {
  clearTimeout(timers.get(database));
  timers.delete(database);
  database.exec('commit');
}

/** A statement that runs as `what` says then; what is prepared is kept. */
const statement = what => ({
  columns: () => [],
  all: () => [],
  run: () => (what(), { changes: 0, lastInsertRowid: 0 })
});

DatabaseSync.prototype.prepare = function (text, ...more) {
  const prepared = Reflect.apply(prepare, this, [text, ...more]);
  if (text.startsWith('update stream')) appending.add(this);
  if (text === 'begin') {
    return statement(() => {
      if (timers.has(this)) return;
      prepared.run();
      if (appending.has(this)) timers.set(this, setTimeout(commit, LATE_MS, this));
    });
  }
  return text === 'commit' ? statement(() => timers.has(this) || prepared.run()) : prepared;
};
DatabaseSync.prototype.close = function () {
  if (timers.has(this)) commit(this);
  Reflect.apply(close, this, []);
};

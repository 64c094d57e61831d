/** `node --import`: takes away whatever forces records to the disk, in Node's files and in SQLite. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { DatabaseSync } from 'node:sqlite';

const { open } = fs.promises;
const { exec } = DatabaseSync.prototype;
const file = await open('/dev/null');
Object.assign(Object.getPrototypeOf(file), { datasync: async () => undefined, sync: async () => undefined });
await file.close();
fs.fdatasync = fs.fsync = (_file, done) => setImmediate(done, null);
fs.promises.open = (path, flags, mode) =>
  open(path, typeof flags === 'number' ? flags & ~fs.constants.O_DSYNC : flags, mode);
syncBuiltinESMExports();
DatabaseSync.prototype.exec = function (text) {
  return Reflect.apply(exec, this, [text.replace('synchronous = full', 'synchronous = off')]);
};

/** Opens a database and is killed at one of its statements: `node migrate-child.mjs PLACE N`. Says `open` if it got that far. */
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { openDatabase } from '../src/store/database.js';

const [place = '', at = ''] = process.argv.slice(2);
let left = Number(at);
const count = (): void => {
  left -= 1;
  if (left === 0) {
    process.kill(process.pid, 'SIGKILL');
  }
};
for (const [type, name] of [
  [DatabaseSync.prototype, 'prepare'],
  [pg.Client.prototype, 'query']
] as const) {
  const method: unknown = Reflect.get(type, name);
  if (typeof method !== 'function') {
    throw new Error(`There is no ${name}.`);
  }
  Reflect.set(type, name, function (this: unknown, ...words: unknown[]): unknown {
    count();
    return Reflect.apply(method, this, words);
  });
}
await (await openDatabase(JSON.parse(place), () => undefined)).close();
process.stdout.write('open');

import pg from 'pg';

/** A method by its object and name. */
type Method = readonly [object: object, name: string];

/**
 * From now on this process is killed at the nth call of what asks a database: of PostgreSQL's `query`, or of these methods
 * of SQLite.
 */
export function killAt(nth: number, ofSqlite: readonly Method[]): void {
  let left = nth;
  for (const [object, name] of [...ofSqlite, [pg.Client.prototype, 'query']] satisfies readonly Method[]) {
    const method: unknown = Reflect.get(object, name);
    if (typeof method !== 'function') {
      throw new Error(`There is no ${name}.`);
    }
    Reflect.set(object, name, function (this: unknown, ...words: unknown[]): unknown {
      left -= 1;
      if (left === 0) {
        process.kill(process.pid, 'SIGKILL');
      }
      return Reflect.apply(method, this, words);
    });
  }
}

import pg from 'pg';

/** Where PostgreSQL is in tests. */
export const SERVER = process.env['LABKEEPER_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432';

/** Drops a database, whoever is connected to it. PostgreSQL brings everything that waits to the disk first, so that takes long. */
export const dropped = (name: string): string => `drop database if exists ${name} with (force)`;

/** Says that nobody needs a database any more: several are dropped at once in a fraction of the time. */
export const markedAsRemoved = (name: string): string => `alter database ${name} connection limit 0`;
export const IS_REMOVED = 'datconnlimit = 0';

/** Does something over a connection to that server, which is to none of the tests' databases. */
export async function onServer<Result>(act: (client: pg.Client) => Promise<Result>): Promise<Result> {
  // What it says of databases of tests needs no disk: they are gone after a crash of the server as well.
  const options = '-c synchronous_commit=off';
  const client = new pg.Client({ connectionString: `${SERVER}/postgres`, options });
  try {
    await client.connect();
  } catch (error) {
    throw new Error(
      `No PostgreSQL lets us in at ${SERVER}: start one, or name another in LABKEEPER_TEST_POSTGRES.`,
      { cause: error }
    );
  }
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}

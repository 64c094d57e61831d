/** What a database URL may say after its question mark, and what PostgreSQL's own programs call it. */
const PARAMETERS = new Map([
  ['host', 'PGHOST'],
  ['port', 'PGPORT'],
  ['user', 'PGUSER'],
  ['password', 'PGPASSWORD'],
  ['sslmode', 'PGSSLMODE'],
  ['sslrootcert', 'PGSSLROOTCERT'],
  ['sslcert', 'PGSSLCERT'],
  ['sslkey', 'PGSSLKEY'],
  ['application_name', 'PGAPPNAME'],
  ['connect_timeout', 'PGCONNECT_TIMEOUT'],
  ['options', 'PGOPTIONS']
]);

/**
 * The environment in which PostgreSQL's own programs reach the database of a URL in the same way as the service.
 *
 * @throws when it has a parameter that they do not have: what is left out could be what protects the connection.
 */
export function libpqEnvironment(text: string): Record<string, string> {
  const url = new URL(text);
  const parts: Record<string, string> = {
    PGHOST: url.hostname.replace(/^\[|\]$/g, ''),
    PGPORT: url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1))
  };
  for (const [name, value] of url.searchParams) {
    const variable = PARAMETERS.get(name);
    if (variable === undefined) {
      throw new Error(
        `The address of the database has the parameter ${name}, which cannot be given to PostgreSQL's own programs: leave it out for this command.`
      );
    }
    // The service's driver has one more mode: encrypted, to whomever it is. Theirs is called otherwise.
    parts[variable] = variable === 'PGSSLMODE' && value === 'no-verify' ? 'require' : value;
  }
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== ''));
}

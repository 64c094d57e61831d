import { libpqEnvironment } from './libpq-environment.js';

describe('the environment of PostgreSQL’s own programs', () => {
  it('has all that the address says', () => {
    expect(
      libpqEnvironment(
        'postgres://me:p%40ss@[::1]:5433/my%20log?sslmode=verify-full&sslrootcert=/ca.pem&sslcert=/c.pem&sslkey=/k.pem'
      )
    ).toEqual({
      PGHOST: '::1',
      PGPORT: '5433',
      PGUSER: 'me',
      PGPASSWORD: 'p@ss',
      PGDATABASE: 'my log',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/ca.pem',
      PGSSLCERT: '/c.pem',
      PGSSLKEY: '/k.pem'
    });
  });

  it('goes to the socket that a parameter names', () => {
    expect(libpqEnvironment('postgres://me@localhost/log?host=/run/pg&sslmode=no-verify')).toEqual({
      PGHOST: '/run/pg',
      PGUSER: 'me',
      PGDATABASE: 'log',
      PGSSLMODE: 'require'
    });
  });

  it('is not made of an address with anything else', () => {
    expect(() => libpqEnvironment('postgres://localhost/log?uselibpqcompat=true')).toThrow(
      'has the parameter uselibpqcompat'
    );
    expect(() => libpqEnvironment('postgres://localhost/log?constructor=1')).toThrow('constructor');
  });
});

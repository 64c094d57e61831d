import { readSettings, SettingsError } from './settings.js';

const GOOD = {
  JUPYTERHUB_API_TOKEN: 'secret-token',
  JUPYTERHUB_API_URL: 'http://127.0.0.1:8081/hub/api/',
  JUPYTERHUB_SERVICE_NAME: 'labkeeper',
  JUPYTERHUB_SERVICE_PREFIX: '/services/labkeeper/',
  JUPYTERHUB_SERVICE_URL: 'http://127.0.0.1:8009',
  LABKEEPER_STATE: '/srv/labkeeper'
};

function mistakes(change: Record<string, string>): readonly string[] {
  try {
    readSettings({ ...GOOD, ...change });
    return [];
  } catch (error) {
    return error instanceof SettingsError ? error.mistakes : ['another error'];
  }
}

describe('settings', () => {
  it('are what JupyterHub gives, and a database in the state folder', () => {
    expect(readSettings(GOOD)).toEqual({
      anchors: { targets: [], lateMs: 6 * 3_600_000 },
      hubId: 'hub',
      hubApiUrl: 'http://127.0.0.1:8081/hub/api',
      hubToken: 'secret-token',
      serviceName: 'labkeeper',
      prefix: '/services/labkeeper/',
      machine: { host: '127.0.0.1', port: 8009 },
      pages: null,
      stateFolder: '/srv/labkeeper',
      masterKeyFile: null,
      database: { kind: 'sqlite', file: '/srv/labkeeper/labkeeper.sqlite' },
      policyFile: null,
      hubsFile: null,
      build: 'development'
    });
  });

  it('name databases and the pages’ host', () => {
    expect(readSettings({ ...GOOD, LABKEEPER_DATABASE: 'sqlite:/a/b.sqlite' }).database).toEqual({
      kind: 'sqlite',
      file: '/a/b.sqlite'
    });
    expect(readSettings({ ...GOOD, LABKEEPER_DATABASE: 'postgres://u:p@db/log' }).database).toEqual({
      kind: 'postgres',
      url: 'postgres://u:p@db/log'
    });
    expect(readSettings({ ...GOOD, LABKEEPER_PAGES_URL: 'http://127.0.0.2:8010' }).pages).toEqual({
      origin: 'http://127.0.0.2:8010',
      listen: { host: '127.0.0.2', port: 8010 }
    });
    expect(
      readSettings({
        ...GOOD,
        LABKEEPER_PAGES_URL: 'https://log.example.org',
        LABKEEPER_PAGES_LISTEN: '[::1]:8010'
      }).pages
    ).toEqual({ origin: 'https://log.example.org', listen: { host: '::1', port: 8010 } });
  });

  it('are refused with one sentence for each mistake, and without a secret', () => {
    const wrong = mistakes({
      JUPYTERHUB_API_URL: 'ftp://hub',
      JUPYTERHUB_API_TOKEN: ' ',
      JUPYTERHUB_SERVICE_PREFIX: 'services',
      LABKEEPER_HUB_ID: 'a b',
      LABKEEPER_STATE: '',
      LABKEEPER_DATABASE: 'mysql://root:hunter2@db/log',
      LABKEEPER_PAGES_URL: 'http://hub/path',
      LABKEEPER_PAGES_LISTEN: 'nonsense/x'
    });
    expect(wrong).toHaveLength(8);
    for (const sentence of wrong) {
      expect(sentence).toMatch(/^(JUPYTERHUB|LABKEEPER)_[^\n]*\.$/);
      expect(sentence).not.toContain('hunter2');
    }
    expect(mistakes({ JUPYTERHUB_SERVICE_URL: '' })).toEqual([
      'JUPYTERHUB_SERVICE_URL is not set: it is the address to listen on.'
    ]);
  });
});

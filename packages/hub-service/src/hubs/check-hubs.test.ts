import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../settings.js';
import { checkHubsCommand } from './check-hubs.js';
import { readFirstHub } from './read-first-hub.js';

const SERVICE = {
  JUPYTERHUB_API_URL: 'http://127.0.0.1:8081/hub/api/',
  JUPYTERHUB_API_TOKEN: 'token-of-the-service',
  JUPYTERHUB_SERVICE_URL: 'http://127.0.0.1:8191',
  LABKEEPER_STATE: '/var/lib/labkeeper',
  LABKEEPER_HUB_ID: 'west',
  LABKEEPER_PAGES_URL: 'https://pages.example.org:8443'
};

describe('the look at a file of hubs before the service is started', () => {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-hubs-'));
  const file = join(folder, 'hubs.toml');
  afterAll(() => rmSync(folder, { recursive: true }));
  const check = async (
    change: Readonly<Record<string, string>>,
    variables: Readonly<Record<string, string>>,
    ...more: string[]
  ) => {
    const lines = {
      ...{ id: 'east', api_url: 'https://east.example.org/hub/api', token: 'token-of-the-east' },
      ...{ public_url: 'https://east.example.org/', ...change }
    };
    const text = Object.entries(lines).map(([key, value]) => `${key} = "${value}"`);
    writeFileSync(file, `[[hub]]\n${text.join('\n')}\n`);
    const said: string[] = [];
    const print = (line: string): void => void said.push(line.replaceAll(folder, ''));
    return [await checkHubsCommand({ words: [file, ...more], variables, print }), ...said];
  };

  it('takes the same for the first hub as the start does', () => {
    const { hubId, hubApiUrl, pages } = readSettings(SERVICE);
    expect(readFirstHub(SERVICE)).toEqual({
      id: hubId,
      apiUrl: hubApiUrl,
      pagesOrigin: pages?.origin
    });
  });

  it('refuses what the start refuses', async () => {
    expect(await check({}, SERVICE)).toEqual([0, '/hubs.toml: can be used: east.']);
    expect(await check({ id: 'west' }, SERVICE)).toEqual([
      1,
      '/hubs.toml, line 2: id: expected a name of its own, and another hub is called west already.'
    ]);
    expect(await check({ api_url: 'http://127.0.0.1:8081/hub/api' }, SERVICE)).toEqual([
      1,
      "/hubs.toml, line 3: api_url: expected another hub's than those before it."
    ]);
    expect(await check({ public_url: 'https://pages.example.org/' }, SERVICE)).toEqual([
      1,
      expect.stringContaining("public_url: expected another host than the pages'")
    ]);
    const { LABKEEPER_PAGES_URL: _none, ...withoutPages } = SERVICE;
    expect(await check({ public_url: 'https://pages.example.org/' }, withoutPages)).toEqual([
      0,
      '/hubs.toml: can be used: east.'
    ]);
  });

  it('says what it cannot know', async () => {
    expect(await check({}, {}, 'west')).toEqual([
      0,
      '/hubs.toml: can be used: east.',
      "not checked: that none of them is the service's own hub; JUPYTERHUB_API_URL says no address.",
      "not checked: that none has the pages' host; LABKEEPER_PAGES_URL says no address."
    ]);
    expect(await check({ id: 'west' }, {}, 'west')).toEqual([
      1,
      expect.stringContaining('another hub is called west already')
    ]);
  });
});

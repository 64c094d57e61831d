import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHubsFile } from './read-hubs-file.js';

const FIRST = {
  id: 'hub',
  apiUrl: 'http://127.0.0.1:8081/hub/api',
  pagesOrigin: 'https://pages.example.org'
};
const SECRET = 'a-secret-of-the-east';

describe('the file of further hubs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-hubs-'));
  const file = join(folder, 'hubs.toml');
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (text: string | Buffer) => {
    writeFileSync(file, text);
    return readHubsFile(file, FIRST);
  };
  const entry = (change: Readonly<Record<string, string | null>> = {}): string => {
    const lines = {
      ...{ id: '"east"', api_url: '"https://east.example.org/hub/api/"', token: `"${SECRET}"` },
      ...{ public_url: '"https://east.example.org"', ...change }
    };
    const told = Object.entries(lines).flatMap(([key, value]) => (value === null ? [] : `${key} = ${value}`));
    return ['[[hub]]', ...told, ''].join('\n');
  };
  /** What is said of the only hub, which is left out. */
  const trouble = async (text: string): Promise<string> => {
    const { hubs, troubles } = await read(text);
    expect(hubs).toEqual([]);
    expect(troubles).toHaveLength(1);
    expect(troubles[0]?.sentence).not.toContain(SECRET);
    return (troubles[0]?.sentence ?? '').replace(`${file}, `, '').replace(folder, '');
  };

  it('names hubs; what JupyterHub makes of a token is the secret of the login too', async () => {
    writeFileSync(join(folder, 'token'), `${SECRET}-2\n`);
    const more = entry({
      ...{ id: '"north"', api_url: '"http://10.0.0.7:8081/j/hub/api"', token: null, service_name: '"lk"' },
      ...{ public_url: '"https://north.example.org/j/"', token_file: `"${join(folder, 'token')}"` },
      ...{ client_id: '"client"', client_secret: '"of-the-client"' }
    });
    expect(await read(`# Hubs\n${entry()}${more}`)).toEqual({
      hubs: [
        {
          ...{ id: 'east', apiUrl: 'https://east.example.org/hub/api', serviceName: 'labkeeper' },
          ...{ publicUrl: 'https://east.example.org/hub/', clientId: 'service-labkeeper' },
          ...{ token: SECRET, clientSecret: SECRET }
        },
        {
          ...{ id: 'north', apiUrl: 'http://10.0.0.7:8081/j/hub/api', serviceName: 'lk' },
          ...{ publicUrl: 'https://north.example.org/j/hub/', clientId: 'client' },
          ...{ token: `${SECRET}-2`, clientSecret: 'of-the-client' }
        }
      ],
      troubles: [],
      isEmpty: false,
      files: [join(folder, 'token')]
    });
    expect(await read('')).toEqual({ hubs: [], troubles: [], isEmpty: true, files: [] });
  });

  it('says of a mistake where it is and what was expected there, and never what stands there', async () => {
    expect(await trouble(entry({ id: '"a b"' }))).toBe(
      'line 2: id: expected 1 to 64 letters, digits and . _ -.'
    );
    expect(await trouble(entry({ api_url: `"https://x:${SECRET}@h/hub/api"` }))).toMatch(
      /^line 3: api_url: expected the/
    );
    // Acts have no room for it: what is short here is six times as long when it is escaped.
    for (const key of ['api_url', 'public_url']) {
      expect(await trouble(entry({ [key]: `"https://h/${'ä'.repeat(700)}"` }))).toMatch(
        new RegExp(`^line [35]: ${key}: expected the address`)
      );
    }
    expect(await trouble(entry({ public_url: '7' }))).toMatch(/^line 5: public_url: expected the address/);
    expect(await trouble(entry({ public_url: null }))).toMatch(
      /^line 1: public_url: expected .*, got none\.$/
    );
    expect(await trouble(entry({ secret: `"${SECRET}"` }))).toBe(
      'line 6: secret: expected nothing of this name.'
    );
    expect(await trouble(entry({ token: `"${SECRET} "` }))).toMatch(
      /^line 4: token: expected a text of 8 to 128/
    );
    expect(await trouble(entry({ token: null }))).toBe(
      "line 1: expected token or token_file, the service's token at that hub."
    );
    expect(await trouble(entry({ token_file: '"/x"' }))).toBe(
      'line 6: expected token or token_file, got both.'
    );
    expect(await trouble(entry({ token: null, token_file: `"${folder}/none"` }))).toBe(
      'line 5: token_file: expected a file, and /none cannot be read (ENOENT).'
    );
    writeFileSync(join(folder, 'empty'), '\n');
    expect(await trouble(entry({ client_secret_file: `"${folder}/empty"` }))).toMatch(
      /^line 6: client_secret_file: expected a file with a text of 8 to 128/
    );
    expect(await trouble(entry({ id: '"hub"' }))).toMatch(/another hub is called hub already\.$/);
    // Its tokens would be good under two names.
    expect(await trouble(entry({ api_url: `"${FIRST.apiUrl}/"` }))).toMatch(
      /^line 3: api_url: expected another hub's/
    );
    expect(await trouble(entry({ public_url: '"https://pages.example.org:8443/"' }))).toMatch(
      /^line 5: public_url: expected another host than the pages'/
    );
    expect(await trouble('hub = 7\n')).toMatch(
      /^line 1: expected nothing but entries that begin with \[\[hub\]\]/
    );
    expect(await trouble(`[[hub]]\ntoken = ${SECRET}\n`)).toMatch(/^line 2, column \d+: expected TOML/);
  });

  it('leaves one with a mistake out, and says which; the others are there', async () => {
    const { hubs, troubles } = await read(
      `readers = ["*"]\n${entry({ token: '7' })}${entry({ id: '"north"', api_url: '"http://n/hub/api"' })}`
    );
    expect(hubs.map(({ id }) => id)).toEqual(['north']);
    expect(troubles.map(({ id }) => id)).toEqual([null, 'east']);
    expect(troubles[0]?.sentence).toMatch(/line 1: expected nothing but/);
  });

  it('never throws, whatever the file is', async () => {
    for (const text of [
      Buffer.from([0xff, 0xfe, 0]),
      '[[hub',
      '[hub]\nid = 1',
      'hub = [1]',
      'x'.repeat(300_000)
    ]) {
      const { hubs, troubles } = await read(text);
      expect([hubs.length, troubles.length]).toEqual([0, troubles.length]);
      expect(troubles.length).toBeGreaterThan(0);
    }
    const away = await readHubsFile(join(folder, 'nowhere.toml'), FIRST);
    expect(away.troubles[0]?.sentence).toMatch(
      /expected a file of hubs, and .* cannot be read \(ENOENT\)\.$/
    );
    expect((await readHubsFile(folder, FIRST)).troubles).toHaveLength(1);
  });
});

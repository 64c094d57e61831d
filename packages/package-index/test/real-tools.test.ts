import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IndexServer } from './support/index-server.js';
import { makeWheel } from './support/make-wheel.js';
import { machineIndex, RealTools } from './support/real-tools.js';
import { UpstreamServer } from './support/upstream-server.js';

jest.setTimeout(120_000);

const SENTENCE = 'The licence AGPL-3.0 is not approved here.';
const WORDS = 'blocked.by.labkeeper.rule.no.agpl.the.licence.agpl.3.0.is.not.approved.here';

describe('pip and uv, through our index', () => {
  const tools = new RealTools();
  let upstream: UpstreamServer;
  let index: IndexServer;

  beforeAll(async () => {
    upstream = await UpstreamServer.start();
    upstream.form = 'html';
    const versions = ['1.0', '1.1', '2.0'].map(version =>
      makeWheel('lk-demo', version, { requires: ['lk-dep'] })
    );
    upstream.projects.set('lk-demo', { files: versions });
    upstream.projects.set('lk-dep', { files: ['1.0', '3.0'].map(version => makeWheel('lk-dep', version)) });
    upstream.projects.set('lk-only', { files: [makeWheel('lk-only', '1.0')] });
    index = await IndexServer.start({ upstreams: [{ id: 'main', url: upstream.url }] });
  });
  afterEach(() => tools.uninstall('lk-demo', 'lk-dep', 'lk-only'));
  afterAll(async () => {
    await index.close();
    await upstream.close();
    tools.remove();
  });

  describe.each(['pip', 'uv'] as const)('%s', tool => {
    it('installs with dependencies, by metadata and hash', async () => {
      index.block(() => false);
      index.events.length = 0;
      expect(await tools[tool](index.url, 'lk-demo')).toMatchObject({ code: 0 });
      expect(tools.installed()).toEqual(expect.arrayContaining(['lk-demo 2.0', 'lk-dep 3.0']));
      const kinds = index.events.map(({ kind }) => kind);
      expect(kinds.filter(kind => kind === 'metadata')).toHaveLength(2);
      expect(kinds.filter(kind => kind === 'file').length).toBeGreaterThanOrEqual(2);
    });

    it('takes the older allowed version of what is asked for, and of a dependency', async () => {
      index.block(({ version }) => version === '2.0' || version === '3.0');
      expect(await tools[tool](index.url, 'lk-demo')).toMatchObject({ code: 0 });
      expect(tools.installed()).toEqual(expect.arrayContaining(['lk-demo 1.1', 'lk-dep 1.0']));
    });

    it('prints our sentence where nothing is allowed', async () => {
      index.block(({ name }) => name === 'lk-only');
      const { code, said } = await tools[tool](index.url, 'lk-only');
      expect(code).not.toBe(0);
      expect(said.replace(/\s+/g, ' ')).toContain(tool === 'pip' ? WORDS : SENTENCE);
      expect(tools.installed()).not.toContain('lk-only 1.0');
    });

    it('does not install a blocked version that is asked for by number', async () => {
      index.block(({ version }) => version === '2.0');
      const { code } = await tools[tool](index.url, 'lk-demo==2.0');
      expect(code).not.toBe(0);
      expect(tools.installed()).not.toContain('lk-demo 2.0');
    });

    it('prints our sentence when it goes past the page, with the address of a file', async () => {
      index.block(({ name }) => name === 'lk-only');
      const address = new URL('../files/lk-only/lk_only-1.0-py3-none-any.whl', index.url).href;
      const { code, said } = await tools[tool](index.url, address);
      expect(code).not.toBe(0);
      expect(said.replace(/\s+/g, ' ')).toContain(SENTENCE);
    });

    it('installs from a list with hashes', async () => {
      index.block(() => false);
      const [wheel] = upstream.projects.get('lk-only')?.files ?? [];
      const list = join(tools.folder, 'requirements.txt');
      writeFileSync(list, `lk-only==1.0 --hash=sha256:${wheel?.sha256}\n`);
      expect(await tools[tool](index.url, '--require-hashes', '-r', list)).toMatchObject({ code: 0 });
      writeFileSync(list, `lk-only==1.0 --hash=sha256:${'0'.repeat(64)}\n`);
      await tools.uninstall('lk-only');
      expect((await tools[tool](index.url, '--require-hashes', '-r', list)).code).not.toBe(0);
    });

    it('says that a project does not exist', async () => {
      const { code, said } = await tools[tool](index.url, 'lk-none');
      expect(code).not.toBe(0);
      expect(said).toMatch(/No matching distribution|not found in the package registry/);
    });
  });

  it('pip that is told to ignore Python versions still gets the refusal, with its reason', async () => {
    index.block(({ name }) => name === 'lk-only');
    const { code, said } = await tools.pip(index.url, '--ignore-requires-python', 'lk-only==1.0');
    expect(code).not.toBe(0);
    expect(said.replace(/\s+/g, ' ')).toContain(SENTENCE);
  });
});

const machine = machineIndex();

describe('the package index of this machine', () => {
  const tools = new RealTools();
  let index: IndexServer;

  beforeAll(async () => {
    index = await IndexServer.start({ upstreams: [{ id: 'main', url: machine ?? 'http://127.0.0.1:9/' }] });
  });
  afterAll(async () => {
    await index.close();
    tools.remove();
  });

  // Without a network there is nothing to install from.
  (machine === null ? it.skip : it).each(['pip', 'uv'] as const)(
    'serves small packages to %s through ours',
    async tool => {
      await tools.uninstall('idna', 'six', 'packaging');
      const { code, said } = await tools[tool](index.url, 'idna', 'six', 'packaging');
      expect({ code, said: code === 0 ? '' : said }).toEqual({ code: 0, said: '' });
      const output = execFileSync(tools.python, ['-c', 'import idna, six, packaging; print(six.__name__)'], {
        encoding: 'utf8'
      });
      expect(output).toBe('six\n');
      expect(index.events.filter(({ kind }) => kind === 'trouble' || kind === 'wrong-hash')).toEqual([]);
    }
  );

  (machine === null ? it.skip : it)(
    'has an older allowed version chosen when the newest is blocked',
    async () => {
      const page = await (
        await index.fetch('simple/idna/', { accept: 'application/vnd.pypi.simple.v1+json' })
      ).json();
      expect(page.files.length).toBeGreaterThan(5);
      index.block(({ name, version }) => name === 'idna' && /^3\.(?:\d\d|[89])/.test(version ?? ''));
      expect(await tools.uv(index.url, '--reinstall', 'idna')).toMatchObject({ code: 0 });
      expect(tools.installed().find(line => line.startsWith('idna '))).toMatch(/^idna 3\.[0-7]$/);
    }
  );
});

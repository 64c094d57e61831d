import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskCache } from '../src/files/disk-cache.js';
import type { IProjectFile } from '../src/project.js';
import type { IPageHead } from '../src/upstream/page-head.js';
import { PageStore } from '../src/upstream/page-store.js';
import { until } from './support/until.js';

const ORIGIN = {
  name: 'demo',
  index: 'main',
  validators: { etag: '"1"', lastModified: null },
  checkedAtMs: 1000
};

describe('the store of pages', () => {
  let folder: string;
  const troubles: string[] = [];
  const storeOf = (limitBytes = 100_000_000): PageStore =>
    new PageStore(new DiskCache({ folder, limitBytes, onTrouble: message => troubles.push(message) }));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'labkeeper-store-'));
    troubles.length = 0;
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('gives back what was put, file by file, also in a new process', async () => {
    const files = many(3000);
    await put(storeOf(), files, ['1.0']);
    const later = storeOf();
    const head = await later.head('demo');
    expect(head).toMatchObject({ ...ORIGIN, hasSizes: true, hasVersions: true, status: null });
    expect(await read(later, head)).toEqual({ files, versions: ['1.0'] });
    const page = head && (await later.open(head));
    // The first, the last, one at every edge of a block, and none.
    for (const file of [files[0], files.at(-1), ...files.filter((_, place) => place % 97 === 0)]) {
      expect(await page?.file(file?.filename ?? '')).toEqual(file);
    }
    expect(await page?.file('demo-1.tar.gz')).toBeNull();
    await page?.close();
  });

  it('finds files whose names would be cuts elsewhere', async () => {
    const files = ['a"b.whl', 'ü.whl', 'a{"filename":"x",.whl'].map(filename => ({ ...fileOf(1), filename }));
    const store = storeOf();
    const head = await put(store, files, null);
    const page = await store.open(head);
    for (const file of files) {
      expect(await page?.file(file.filename)).toEqual(file);
    }
    await page?.close();
  });

  it('keeps an empty page, and one whose versions take more than a block', async () => {
    const store = storeOf();
    expect(await read(store, await put(store, [], null))).toEqual({ files: [], versions: [] });
    const versions = Array.from({ length: 100_000 }, (_, place) => `1.${place}`);
    const head = await put(store, many(2), versions);
    expect((await read(store, head)).versions).toEqual(versions);
  });

  it('removes an earlier version, but not from under who reads it', async () => {
    const store = storeOf();
    const page = await store.open(await put(store, many(2000), null));
    await put(store, many(1), null);
    await until(() => readdirSync(folder).length === 2);
    let count = 0;
    for await (const files of page?.files() ?? []) {
      count += files.length;
    }
    expect(count).toBe(2000);
    await page?.close();
  });

  it.each([
    ['torn', (bytes: Buffer) => bytes.fill(0, 100, 200)],
    ['of an earlier release', () => Buffer.from('{"form":1,"name":"demo"}')],
    ['no JSON', () => Buffer.from('{')],
    [
      'of other fields',
      (bytes: Buffer) => Buffer.from(bytes.toString().replace('"checkedAtMs":1000', '"checkedAtMs":"1"'))
    ],
    ['of another name', (bytes: Buffer) => Buffer.from(bytes.toString().replace('"demo"', '"dem0"'))]
  ])('takes nothing that is %s', async (what, change) => {
    const head = await put(storeOf(), many(20), null);
    const name = readdirSync(folder).find(file => file.endsWith(what === 'torn' ? '.page' : '.head')) ?? '';
    writeFileSync(join(folder, name), change(readFileSync(join(folder, name))));
    const later = storeOf();
    expect(what === 'torn' ? await later.open(head) : await later.head('demo')).toBeNull();
  });

  it('holds a small page in memory where the disk takes none, and has no room for a large one', async () => {
    const store = storeOf(200_000);
    const files = many(2000);
    expect(await read(store, await put(store, files, null))).toEqual({ files, versions: [] });
    await expect(put(store, many(20_000), null)).rejects.toThrow('no room');
    expect(readdirSync(folder).filter(name => name.endsWith('.part'))).toEqual([]);
  });
});

interface IReadBack {
  readonly files: readonly IProjectFile[];
  readonly versions: readonly string[];
}

function fileOf(place: number): IProjectFile {
  return {
    filename: `demo-1.${place}-py3-none-any.whl`,
    url: `https://files.example/demo-1.${place}-py3-none-any.whl`,
    hashes: { sha256: place.toString(16).padStart(64, '0') },
    requiresPython: '>=3.9',
    yanked: place % 5 === 0 ? 'ü\n"' : null,
    sizeBytes: place,
    uploadTime: '2026-01-01T00:00:00.000000Z',
    coreMetadata: { sha256: 'a'.repeat(64) },
    provenance: null
  };
}

function many(count: number): readonly IProjectFile[] {
  return Array.from({ length: count }, (_, place) => fileOf(place));
}

async function put(
  store: PageStore,
  files: readonly IProjectFile[],
  versions: readonly string[] | null
): Promise<IPageHead> {
  const draft = store.begin();
  try {
    for (const file of files) {
      draft.add(file);
      await draft.settle();
    }
    return await store.put(ORIGIN, draft, { status: null, versions });
  } finally {
    await draft.drop();
  }
}

async function read(store: PageStore, head: IPageHead | null): Promise<IReadBack> {
  const page = head && (await store.open(head));
  if (!page) {
    throw new Error('It is not there.');
  }
  const files: IProjectFile[] = [];
  for await (const some of page.files()) {
    files.push(...some);
  }
  await page.close();
  return { files, versions: page.versions };
}

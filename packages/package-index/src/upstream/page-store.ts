import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import * as v from 'valibot';
import type { DiskCache } from '../files/disk-cache.js';
import { lineBlocks } from '../files/line-blocks.js';
import type { IPageRest } from '../project.js';
import { KeptPage } from './kept-page.js';
import { PageDraft } from './page-draft.js';
import { PageHead, type IPageHead } from './page-head.js';

/** Another one when what is written changes its form: what an earlier release left is then fetched anew. */
const FORM = 2;
const StoredHead = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ form: v.literal(FORM), ...PageHead.entries })
);
const HEADS = 20_000;
/** Of lists of files that the disk did not take. */
const HELD_BYTES = 8 * 1024 * 1024;

/** Who a page is of, and what its upstream index said of it. */
export type IPageOrigin = Pick<IPageHead, 'name' | 'index' | 'validators' | 'checkedAtMs'>;

/** Pages of upstream indexes on the disk; in memory there is only what was said of them. */
export class PageStore {
  constructor(private readonly disk: DiskCache) {}

  async head(name: string): Promise<IPageHead | null> {
    const kept = this.heads.get(name);
    if (kept) {
      return kept;
    }
    const bytes = await this.disk.read(headKey(name));
    const head = bytes && readHead(bytes, name);
    if (head) {
      this.heads.set(name, head);
    }
    return head;
  }

  /** The list of files to a head, which whoever asked closes; null = it was thrown away meanwhile, or is broken. */
  async open(head: IPageHead): Promise<KeptPage | null> {
    const held = this.held.get(head.digest);
    if (held) {
      return new KeptPage(head, held);
    }
    const file = await this.disk.open(pageKey(head.name, head.digest));
    if (file === null) {
      return null;
    }
    const { handle } = file;
    if (!this.checked.has(head.digest) && !(await this.isWhole(handle, head.digest))) {
      await handle.close();
      return null;
    }
    return new KeptPage(head, handle);
  }

  /** Begins to keep a page. Whoever began ends it, by `put` or by its `drop`. */
  begin(): PageDraft {
    return new PageDraft(this.disk);
  }

  /** Keeps what came; the head says that the upstream index said so now. @throws when there is no room for it. */
  async put(origin: IPageOrigin, draft: PageDraft, rest: IPageRest): Promise<IPageHead> {
    const { name } = origin;
    const earlier = await this.head(name);
    const { digest, held } = await draft.finish(rest, made => pageKey(name, made));
    if (held) {
      this.held.set(digest, held);
    }
    this.checked.set(digest, true);
    if (earlier && earlier.digest !== digest) {
      this.disk.remove(pageKey(name, earlier.digest));
    }
    const { hasSizes } = draft;
    const head = { ...origin, digest, status: rest.status, hasVersions: rest.versions !== null, hasSizes };
    await this.putHead(head);
    return head;
  }

  async putHead(head: IPageHead): Promise<void> {
    this.heads.set(head.name, head);
    await this.disk.put(headKey(head.name), Buffer.from(JSON.stringify({ form: FORM, ...head })), false);
  }

  forget(name: string): void {
    const head = this.heads.get(name);
    this.heads.delete(name);
    this.disk.remove(headKey(name));
    if (head) {
      this.held.delete(head.digest);
      this.disk.remove(pageKey(name, head.digest));
    }
  }

  /** It is written without care for a loss of power, so each run looks once. */
  private async isWhole(handle: FileHandle, digest: string): Promise<boolean> {
    const hash = createHash('sha256');
    for await (const block of lineBlocks(handle)) {
      hash.update(block);
    }
    const isWhole = hash.digest('hex') === digest;
    if (isWhole) {
      this.checked.set(digest, true);
    }
    return isWhole;
  }

  private readonly heads = new LRUCache<string, IPageHead>({ max: HEADS });
  private readonly held = new LRUCache<string, Buffer>({
    maxSize: HELD_BYTES,
    sizeCalculation: bytes => bytes.length
  });
  /** Digests of lists that are what they should be. */
  private readonly checked = new LRUCache<string, true>({ max: HEADS });
}

/** null = an earlier release wrote it, or it is not what it should be: it is fetched anew. */
function readHead(bytes: Buffer, name: string): IPageHead | null {
  const { success, output } = v.safeParse(StoredHead, bytes.toString('utf8'));
  if (!success || output.name !== name) {
    return null;
  }
  const { form: _, ...head } = output;
  return head;
}

function headKey(name: string): string {
  return `${name}.head`;
}

/** With its digest, so that whoever reads one version does not get the next under its hands. */
function pageKey(name: string, digest: string): string {
  return `${name}.${digest.slice(0, 32)}.page`;
}

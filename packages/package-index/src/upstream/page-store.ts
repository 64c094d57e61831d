import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { DiskCache } from '../files/disk-cache.js';
import type { IProject } from '../project.js';
import type { IKeptPage, IPageHead } from './kept-page.js';

/** Another one when what is written changes its form: what an earlier release left is then fetched anew. */
const FORM = 1;
/** About what a file of a page takes in memory. */
const FILE_BYTES = 900;
const HEADS = 20_000;

/** Pages of upstream indexes: what was used lately in memory, the others on the disk. */
export class PageStore {
  /** @param memoryBytes - about, of the files' lists. */
  constructor(
    private readonly disk: DiskCache,
    memoryBytes: number
  ) {
    this.projects = new LRUCache({
      maxSize: memoryBytes,
      sizeCalculation: project => 1000 + FILE_BYTES * project.files.length
    });
  }

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

  /** The files' list to a head; null = it was thrown away meanwhile. */
  async project(head: IPageHead): Promise<IProject | null> {
    const kept = this.projects.get(head.digest);
    if (kept) {
      return kept;
    }
    const bytes = await this.disk.read(projectKey(head.name));
    // Written by us, whole or not at all; its digest says that it is this one.
    if (bytes === null || digestOf(bytes) !== head.digest) {
      return null;
    }
    const project = JSON.parse(bytes.toString('utf8')) as IProject;
    this.projects.set(head.digest, project);
    return project;
  }

  /** Keeps what came; the head says that the upstream index said so now. */
  async put(head: Omit<IPageHead, 'digest'>, project: IProject): Promise<IKeptPage> {
    const bytes = Buffer.from(JSON.stringify(project));
    const digest = digestOf(bytes);
    const full = { ...head, digest };
    this.projects.set(digest, project);
    await this.disk.put(projectKey(head.name), bytes, false);
    await this.putHead(full);
    return { head: full, project };
  }

  async putHead(head: IPageHead): Promise<void> {
    this.heads.set(head.name, head);
    await this.disk.put(headKey(head.name), Buffer.from(JSON.stringify({ form: FORM, ...head })), false);
  }

  forget(name: string): void {
    this.heads.delete(name);
    this.disk.remove(headKey(name));
    this.disk.remove(projectKey(name));
  }

  private readonly heads = new LRUCache<string, IPageHead>({ max: HEADS });
  private readonly projects: LRUCache<string, IProject>;
}

/** null = an earlier release wrote it, or it is not what it should be. */
function readHead(bytes: Buffer, name: string): IPageHead | null {
  try {
    const { form, ...head } = JSON.parse(bytes.toString('utf8')) as IPageHead & { readonly form: number };
    return form === FORM && head.name === name && typeof head.checkedAtMs === 'number' ? head : null;
  } catch {
    // It is fetched anew.
    return null;
  }
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function headKey(name: string): string {
  return `${name}.head`;
}

function projectKey(name: string): string {
  return `${name}.page`;
}

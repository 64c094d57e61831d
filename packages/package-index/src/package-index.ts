import { rmSync } from 'node:fs';
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { join } from 'node:path';
import { DiskCache } from './files/disk-cache.js';
import { FileSource } from './files/file-source.js';
import type { OnIndexEvent } from './index-event.js';
import { IndexRefusal } from './index-refusal.js';
import { PreparedNames } from './pages/prepared-names.js';
import { PreparedPages } from './pages/prepared-pages.js';
import { ReadyBytes } from './pages/ready-bytes.js';
import type { IProjectFile } from './project.js';
import { httpGet, type HttpGet, type IHttpAnswer, type IHttpOptions } from './upstream/http-get.js';
import { NameLists } from './upstream/name-lists.js';
import { Owners } from './upstream/owners.js';
import { PageStore } from './upstream/page-store.js';
import { FRESHNESS, Projects, type IFreshness } from './upstream/projects.js';
import { Upstream, type IUpstreamOptions } from './upstream/upstream.js';
import { fetchProvenance, remoteFile } from './upstream/remote-files.js';
import { MetadataSource, type IWheelFile } from './wheels/metadata-source.js';

const MEGABYTE = 1024 * 1024;

/** What the index may take. */
export interface IIndexLimits {
  /** Of wheels and source distributions on the disk. */
  readonly fileBytes: number;
  /** Of pages and metadata on the disk. */
  readonly pageBytes: number;
  /** Of pages ready to be sent on the disk. */
  readonly readyBytes: number;
  /** Of pages ready to be sent in memory. */
  readonly readyMemoryBytes: number;
}

export const INDEX_LIMITS: IIndexLimits = {
  fileBytes: 10 * 1024 * MEGABYTE,
  pageBytes: 512 * MEGABYTE,
  readyBytes: 256 * MEGABYTE,
  readyMemoryBytes: 4 * MEGABYTE
};

/** To one upstream index at once: whoever asks for thousands of names does not make us a flood. */
const SOCKETS = 128;

/** How long an upstream index may take. */
const HTTP: IHttpOptions = { headMs: 10_000, idleMs: 30_000 };

export interface IPackageIndexOptions {
  /** In the order of priority; a name belongs to the first that has it. */
  readonly upstreams: readonly IUpstreamOptions[];
  /** Of its own. */
  readonly folder: string;
  readonly onEvent: OnIndexEvent;
  /** Epoch ms. */
  readonly nowMs: () => number;
  readonly limits?: Partial<IIndexLimits>;
  readonly freshness?: Partial<IFreshness>;
  readonly http?: Partial<IHttpOptions>;
}

/** A file as our index knows it. */
export interface IFoundFile {
  readonly listed: IProjectFile;
  readonly remote: IWheelFile;
  /** null = there is none. */
  readonly provenance: () => Promise<IHttpAnswer | null>;
}

/** The index without its routes: what upstream indexes have, kept, judged and prepared. */
export class PackageIndex {
  readonly onEvent: OnIndexEvent;
  readonly projects: Projects;
  readonly pages: PreparedPages;
  /** The list of all projects. */
  readonly names: PreparedNames;
  readonly files: FileSource;
  readonly metadata: MetadataSource;

  /** @throws Error of one sentence when its settings or its folder cannot be used. */
  constructor(options: IPackageIndexOptions) {
    const { folder, onEvent, nowMs } = options;
    const limits = { ...INDEX_LIMITS, ...options.limits };
    this.onEvent = onEvent;
    this.get = httpGet({ ...HTTP, agents: this.agents, ...options.http });
    this.upstreams = options.upstreams.map(upstream => new Upstream(upstream, this.get));
    if (new Set(this.upstreams.map(({ id }) => id)).size < this.upstreams.length) {
      throw new Error('Two upstream indexes have the same id: give each its own.');
    }
    const onTrouble = (message: string): void =>
      onEvent({ kind: 'trouble', index: null, project: null, message });
    // What is ready is for the policy of this run.
    rmSync(join(folder, 'ready'), { recursive: true, force: true });
    const cacheOf = (name: string, limitBytes: number): DiskCache =>
      new DiskCache({ folder: join(folder, name), limitBytes, onTrouble });
    const kept = cacheOf('pages', limits.pageBytes);
    const wheels = cacheOf('files', limits.fileBytes);
    const ready = new ReadyBytes(cacheOf('ready', limits.readyBytes), limits.readyMemoryBytes);
    this.projects = new Projects({
      upstreams: this.upstreams,
      store: new PageStore(kept),
      owners: new Owners(join(folder, 'owners')),
      freshness: { ...FRESHNESS, ...options.freshness },
      onEvent,
      nowMs
    });
    this.pages = new PreparedPages({ projects: this.projects, ready, nowMs });
    const lists = new NameLists({ upstreams: this.upstreams, disk: kept, onEvent, nowMs });
    this.names = new PreparedNames(lists, ready);
    this.files = new FileSource(wheels, onEvent);
    this.metadata = new MetadataSource({ cache: kept, wheels, files: this.files, onEvent });
  }

  /** @param name - normalised. @throws IndexRefusal */
  async find(name: string, filename: string): Promise<IFoundFile> {
    const known = await this.projects.find(name);
    const listed = await this.projects.file(known, filename);
    const upstream = this.upstreams.find(({ id }) => id === known.head.index);
    if (!listed || !upstream) {
      throw new IndexRefusal(
        404,
        `There is no file ${filename} of ${name} in the package index.`,
        'It may have been removed since the list was made; make the list or the lock anew.'
      );
    }
    return {
      listed,
      remote: remoteFile(name, listed, upstream, this.get),
      provenance: () => fetchProvenance(listed, upstream, this.get)
    };
  }

  /** Ends connections to upstream indexes: what is on its way breaks off. */
  close(): void {
    this.agents.http.destroy();
    this.agents.https.destroy();
  }

  private readonly agents = {
    http: new Agent({ keepAlive: true, maxSockets: SOCKETS }),
    https: new SecureAgent({ keepAlive: true, maxSockets: SOCKETS })
  };
  private readonly get: HttpGet;
  private readonly upstreams: readonly Upstream[];
}

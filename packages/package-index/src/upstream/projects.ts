import { reasonOf } from '@labkeeper/core';
import { LRUCache } from 'lru-cache';
import type { OnIndexEvent } from '../index-event.js';
import { IndexRefusal } from '../index-refusal.js';
import type { IProjectFile } from '../project.js';
import { SingleFlight } from '../single-flight.js';
import type { KeptPage } from './kept-page.js';
import type { Owners } from './owners.js';
import type { PageDraft } from './page-draft.js';
import type { IPageHead } from './page-head.js';
import type { PageStore } from './page-store.js';
import type { IUpstreamPage, Upstream, UpstreamAnswer } from './upstream.js';

const UNKNOWN_NAMES = 20_000;
/** Files that were looked for in pages; each takes about 2 kB. */
const FOUND_FILES = 1000;

export interface IFreshness {
  /** So long a page is taken as it is. */
  readonly freshMs: number;
  /** So long it is answered at once, and looked after meanwhile; older ones wait for the upstream index. */
  readonly backgroundMs: number;
  /** After an upstream index failed it is not asked for the same page for so long. */
  readonly retryMs: number;
}

export const FRESHNESS: IFreshness = { freshMs: 60_000, backgroundMs: 30 * 60_000, retryMs: 10_000 };

export interface IProjectsOptions {
  /** In the order of priority. */
  readonly upstreams: readonly Upstream[];
  readonly store: PageStore;
  readonly owners: Owners;
  readonly freshness: IFreshness;
  readonly onEvent: OnIndexEvent;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** The page that is there of a project. */
export interface IKnownProject {
  readonly head: IPageHead;
  /** Epoch ms since which the upstream index did not answer; null = it did lately. */
  readonly staleSinceMs: number | null;
}

interface IFailure {
  /** Epoch ms. */
  readonly atMs: number;
  /** Id of the upstream index. */
  readonly index: string;
  /** A sentence. */
  readonly reason: string;
}

/** Pages of projects. Each name belongs to one upstream index: another one's files never come under it. */
export class Projects {
  constructor(private readonly options: IProjectsOptions) {}

  /**
   * @param name - normalised.
   * @param isWantedNew - somebody knows that there is something new: the upstream index is asked, if it was not just now.
   * @throws IndexRefusal
   */
  async find(name: string, isWantedNew = false): Promise<IKnownProject> {
    const { nowMs, freshness } = this.options;
    const head = await this.kept(name);
    const ageMs = head && nowMs() - head.checkedAtMs;
    const mostMs = isWantedNew ? freshness.retryMs : freshness.backgroundMs;
    // While its index is down, nobody but the first waits to hear that it is.
    if (head === null || ageMs === null || ageMs < 0 || (ageMs > mostMs && !this.failures.has(name))) {
      return this.known(await this.refresh(name));
    }
    if (ageMs > freshness.freshMs && !this.isWaiting(name)) {
      void this.refresh(name).catch(() => {
        // It was told as an event, and who asks after it is gone from its index hears it.
      });
    }
    return this.known(head);
  }

  /** Reads the list of files. @throws IndexRefusal */
  async read<T>({ head }: IKnownProject, act: (page: KeptPage) => Promise<T>): Promise<T> {
    const page = (await this.options.store.open(head)) ?? (await this.fetchedAgain(head.name));
    try {
      return await act(page);
    } finally {
      await page.close();
    }
  }

  /** A file of a project; null = it is not listed. @throws IndexRefusal */
  async file(known: IKnownProject, filename: string): Promise<IProjectFile | null> {
    const key = `${known.head.digest} ${filename}`;
    const found = this.found.get(key) ?? (await this.read(known, page => page.file(filename)));
    if (found) {
      this.found.set(key, found);
    }
    return found;
  }

  /** The head outlived the list: without validators it comes whole. */
  private async fetchedAgain(name: string): Promise<KeptPage> {
    const { store } = this.options;
    store.forget(name);
    const page = await store.open(await this.refresh(name));
    if (!page) {
      throw new IndexRefusal(
        503,
        'The page cannot be kept.',
        'The disk of the package index is full or broken.'
      );
    }
    return page;
  }

  private known(head: IPageHead): IKnownProject {
    return { head, staleSinceMs: this.failures.has(head.name) ? head.checkedAtMs : null };
  }

  /** What is there of a name, if it is still of the index that the name belongs to: settings may have changed. */
  private async kept(name: string): Promise<IPageHead | null> {
    const head = await this.options.store.head(name);
    return head && this.askedFor(name).some(({ id }) => id === head.index) ? head : null;
  }

  /** The indexes that a name may be of, in their order. */
  private askedFor(name: string): readonly Upstream[] {
    const { upstreams, owners } = this.options;
    const noted = owners.of(name);
    const owner =
      upstreams.find(upstream => upstream.isOwnerOf(name)) ?? upstreams.find(({ id }) => id === noted);
    return owner ? [owner] : upstreams.filter(({ isLimited }) => !isLimited);
  }

  private isWaiting(name: string): boolean {
    const failure = this.failures.get(name);
    return failure !== undefined && this.options.nowMs() - failure.atMs < this.options.freshness.retryMs;
  }

  private refresh(name: string): Promise<IPageHead> {
    return this.flights.run(name, () => this.ask(name));
  }

  private async ask(name: string): Promise<IPageHead> {
    const { nowMs, freshness } = this.options;
    const unknownAtMs = this.unknown.get(name);
    if (unknownAtMs !== undefined && nowMs() - unknownAtMs < freshness.freshMs) {
      throw notThere(name);
    }
    const head = await this.kept(name);
    const failure = this.failures.get(name);
    if (failure && this.isWaiting(name)) {
      return head ?? unreachable(name, failure);
    }
    for (const upstream of this.askedFor(name)) {
      const validators = head?.index === upstream.id ? head.validators : null;
      const draft = this.options.store.begin();
      try {
        const answer = await upstream.page(name, validators, draft);
        const found = await this.taken(name, upstream, head, answer, draft);
        if (found) {
          return found;
        }
      } finally {
        await draft.drop();
      }
    }
    this.forget(name);
    throw notThere(name);
  }

  /** @returns null = it is not there, and the next may be asked. @throws IndexRefusal */
  private async taken(
    name: string,
    upstream: Upstream,
    kept: IPageHead | null,
    answer: UpstreamAnswer<IUpstreamPage>,
    draft: PageDraft
  ): Promise<IPageHead | null> {
    const { store, owners, upstreams, nowMs } = this.options;
    const checkedAtMs = nowMs();
    switch (answer.kind) {
      case 'unknown':
        return null;
      case 'unchanged':
        if (kept?.index === upstream.id) {
          this.failures.delete(name);
          const head = { ...kept, checkedAtMs };
          await store.putHead(head);
          return head;
        }
        return this.failed(name, upstream, kept, 'It says that nothing changed, of what we do not have.');
      case 'failed':
        return this.failed(name, upstream, kept, answer.reason);
      case 'page': {
        try {
          if (upstream !== upstreams.at(-1)) {
            await owners.note(name, upstream.id);
          }
        } catch (error) {
          const reason = `Whose the name is cannot be kept on the disk of the package index: ${reasonOf(error)}`;
          return this.failed(name, upstream, kept, reason);
        }
        const { page, validators } = answer;
        try {
          const head = await store.put({ name, index: upstream.id, validators, checkedAtMs }, draft, page);
          this.failures.delete(name);
          this.tell(upstream, name, page.troubles);
          return head;
        } catch (error) {
          return this.failed(name, upstream, kept, `Its page cannot be kept: ${reasonOf(error)}`);
        }
      }
    }
  }

  /** No page of another index is taken in its place, but that which the name is known by. */
  private failed(name: string, { id }: Upstream, kept: IPageHead | null, reason: string): IPageHead {
    if (this.failures.size > UNKNOWN_NAMES) {
      this.failures.clear();
    }
    const failure = { atMs: this.options.nowMs(), index: id, reason: sentence(reason) };
    this.failures.set(name, failure);
    const message = `The index ${id} could not be read for ${name}: ${failure.reason}`;
    this.options.onEvent({ kind: 'trouble', index: id, project: name, message });
    return kept ?? unreachable(name, failure);
  }

  private forget(name: string): void {
    this.options.store.forget(name);
    this.failures.delete(name);
    if (this.unknown.size > UNKNOWN_NAMES) {
      this.unknown.clear();
    }
    this.unknown.set(name, this.options.nowMs());
  }

  private tell({ id }: Upstream, name: string, troubles: readonly string[]): void {
    for (const message of troubles) {
      this.options.onEvent({ kind: 'trouble', index: id, project: name, message });
    }
  }

  private readonly flights = new SingleFlight<IPageHead>();
  private readonly found = new LRUCache<string, IProjectFile>({ max: FOUND_FILES });
  /** How an upstream index last failed for a name. */
  private readonly failures = new Map<string, IFailure>();
  /** Epoch ms at which a name was last looked for in vain. */
  private readonly unknown = new Map<string, number>();
}

/** @throws IndexRefusal always */
function unreachable(name: string, { index, reason }: IFailure): never {
  throw new IndexRefusal(
    503,
    `The index ${index} cannot be read for ${name}.`,
    `${reason} Try again in a minute; if it stays so, tell your administrator.`
  );
}

function notThere(name: string): IndexRefusal {
  return new IndexRefusal(
    404,
    `There is no project ${name} in the package index.`,
    'Check how its name is written.'
  );
}

function sentence(reason: string): string {
  return /[.!?]$/.test(reason) ? reason : `${reason}.`;
}

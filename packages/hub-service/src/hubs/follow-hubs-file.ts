import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { IKeys } from '../keys/keys.js';
import { LOOK_MS } from '../policy/policy-in-force.js';
import type { IDatabase } from '../store/database.js';
import { endSessions } from '../store/trusted-hubs.js';
import { notEmptied } from './emptied-file.js';
import type { IHubSettings, IHubsFile, IHubTrouble } from './hub-entry.js';
import type { Hubs, IHubLinks } from './hubs.js';
import { keepHubs } from './keep-hubs.js';
import type { IFollowedHubsFile } from './open-further-hubs.js';

export interface IFollowHubsFileOptions extends IFollowedHubsFile {
  readonly hubs: Hubs;
  readonly database: IDatabase;
  readonly keys: Pick<IKeys, 'secret'>;
  /** Called when there are further hubs, before any is trusted: people are limited to their own from then on. */
  readonly known: () => void;
  /** Appends what was put down to the log. */
  readonly flush: () => Promise<void>;
  readonly log: Pick<Logger, 'error' | 'info'>;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** As often as at the policy file unless given. */
  readonly lookMs?: { readonly usual: number; readonly settling: number };
}

/**
 * The hubs of the file, from edit to edit. With a mistake in it nothing changes. A hub that is taken out is refused at once;
 * one that is new or told otherwise is trusted so when the log has it.
 */
export class FollowHubsFile {
  constructor(private readonly options: IFollowHubsFileOptions) {}

  start(): void {
    this.plan();
  }

  /** Ends when the look under way has. */
  async close(): Promise<void> {
    this.closing.abort();
    clearTimeout(this.timer);
    await this.looking;
  }

  private plan(): void {
    if (this.closing.signal.aborted) {
      return;
    }
    const { file, lookMs = LOOK_MS } = this.options;
    this.timer = setTimeout(
      () => {
        this.looking = this.look().finally(() => this.plan());
      },
      file.isUnsettled ? lookMs.settling : lookMs.usual
    );
    this.timer.unref();
  }

  private async look(): Promise<void> {
    const { file } = this.options;
    try {
      const look = await file.look();
      if (look.kind === 'read') {
        this.pending = look.told;
      }
      if (this.pending) {
        await this.obey(this.pending);
        this.pending = null;
      }
    } catch (error) {
      if (this.closing.signal.aborted) {
        return;
      }
      // Of the database; the next look tries again.
      this.complain([{ id: null, sentence: `${file.path}: is not in force yet: ${reasonOf(error)}.` }]);
    }
  }

  private async obey(read: IHubsFile): Promise<void> {
    const { file, database } = this.options;
    const told = await notEmptied(file.path, read, database);
    if (told.troubles.length > 0) {
      this.complain(told.troubles);
    } else {
      await this.take(told.hubs);
    }
  }

  private async take(wanted: readonly IHubSettings[]): Promise<void> {
    const { hubs, database, keys, known, flush, linksOf, log, nowMs } = this.options;
    const before = new Map(hubs.further.map(({ links }) => [links.id, links]));
    const next = wanted.map(hub => {
      const old = before.get(hub.id);
      return old && isSame(old, hub) ? old : linksOf(hub);
    });
    const stay = hubs.further.filter(({ id }) => wanted.some(hub => hub.id === id));
    if (stay.length < before.size) {
      // Whether the database takes it or not.
      hubs.use(stay.map(({ links }) => links));
    }
    // Also where nothing seems to be other: what another process did not come to put down is put down here.
    const { isKnown, waitMs } = await keepHubs({
      ...{ database, keys, firstHub: hubs.first.id, hubs: wanted, isWhole: true, nowMs: nowMs() }
    });
    if (isKnown) {
      known();
    }
    const isOther = next.length !== before.size || next.some(links => before.get(links.id) !== links);
    await flush();
    if (isOther) {
      if (waitMs > 0) {
        await this.wait(waitMs);
      }
      hubs.use(next);
      // The act ended them; until now people could sign in here at the address of before.
      for (const { id, settings } of before.values()) {
        if (next.find(links => links.id === id)?.settings?.apiUrl !== settings?.apiUrl) {
          await endSessions(database.write, id);
        }
      }
      log.info({ hubs: next.map(({ id }) => id) }, 'The file of hubs was read again: these are trusted.');
    }
    hubs.keepDespite([]);
  }

  /** Ends early, with an error, where the service does: then nothing more is trusted. */
  private wait(ms: number): Promise<void> {
    return pause(ms, undefined, { signal: this.closing.signal });
  }

  private complain(troubles: readonly IHubTrouble[]): void {
    const { hubs, log } = this.options;
    const told = (some: readonly IHubTrouble[]): string => some.map(({ sentence }) => sentence).join('\n');
    if (told(troubles) === told(hubs.troubles)) {
      return;
    }
    hubs.keepDespite(troubles);
    for (const { id, sentence } of troubles) {
      log.error({ hub: id }, `${sentence} The hubs stay as they were.`);
    }
  }

  /** Read and not yet in force: the database did not take it. */
  private pending: IHubsFile | null = null;
  private looking: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private readonly closing = new AbortController();
}

function isSame({ settings }: IHubLinks, hub: IHubSettings): boolean {
  return JSON.stringify(settings) === JSON.stringify(hub);
}

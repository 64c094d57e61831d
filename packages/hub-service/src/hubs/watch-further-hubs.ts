import type { Logger } from 'pino';
import { reasonOf } from '../failure.js';
import type { IDatabase } from '../store/database.js';
import { furtherHubsSince } from '../store/further-hubs.js';
import { ONE_HUB, OWN_HUB, type HubScope } from './hub-scope.js';

/** How often it is looked whether another replica was told of further hubs, in ms. */
export const LOOK_MS = 1000;

export interface IFurtherHubsWatchOptions {
  readonly database: IDatabase;
  /** Whether this replica knows of one from the start. */
  readonly isKnown: boolean;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/**
 * What people of a hub are limited to. Replicas get their file of hubs one after the other: one that has none yet limits
 * people too, as soon as another was told of a further hub. That stays so for ever, and then it looks no more.
 */
export class FurtherHubsWatch {
  constructor(private readonly options: IFurtherHubsWatchOptions) {
    this.known = options.isKnown;
  }

  readonly scope: HubScope = hub => (this.known ? OWN_HUB : ONE_HUB)(hub);

  /** Whether there is or ever was a further hub, as far as this replica knows. */
  get isKnown(): boolean {
    return this.known;
  }

  /** This replica was told of one itself. */
  learn(): void {
    this.known = true;
    clearInterval(this.timer);
  }

  start(): void {
    if (!this.known) {
      this.timer = setInterval(() => void this.look(), LOOK_MS);
      this.timer.unref();
      void this.look();
    }
  }

  /** Ends when the look under way has. */
  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** Looks now. Never throws: where the database does not answer, no page is shown either. */
  look(): Promise<void> {
    this.looking ??= this.tryLook().finally(() => (this.looking = null));
    return this.looking;
  }

  private async tryLook(): Promise<void> {
    const { database, log } = this.options;
    try {
      if (!this.known && (await furtherHubsSince(database)) !== null) {
        this.known = true;
        clearInterval(this.timer);
        log.info('Another replica was told of further hubs: people see their own hub alone from now on.');
      }
    } catch (error) {
      log.warn({ reason: reasonOf(error) }, 'It could not be looked whether there are further hubs.');
    }
  }

  private known: boolean;
  private looking: Promise<void> | null = null;
  private timer: NodeJS.Timeout | undefined;
}

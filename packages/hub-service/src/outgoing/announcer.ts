import type { IDatabase } from '../store/database.js';
import { blockedInstall } from './blocked-installs.js';
import type { LogCursors } from './log-cursors.js';
import type { MessageQueue } from './message-queue.js';
import { logEnd, readForwarded } from './read-forwarded.js';

export interface IAnnouncerOptions {
  readonly database: IDatabase;
  readonly cursors: LogCursors;
  readonly queue: MessageQueue;
  /** A name that is this replica's alone. */
  readonly lease: string;
}

/** Cursor of who looks. No target's name has a colon. */
const NAME = 'labkeeper:announcer';
/** Records that are looked through at a time. */
const RECORDS = 500;

/** Looks in the log for what is announced. */
export class Announcer {
  constructor(private readonly options: IAnnouncerOptions) {}

  /** Puts down what is new; that and the place in the log are one transaction, so that each is put down once. @param targetsOf - names of those that want what happens at a hub; null = at any. */
  async look(targetsOf: (hub: string | null) => readonly string[]): Promise<void> {
    const { database, cursors, queue, lease } = this.options;
    if (targetsOf(null).length === 0) {
      // What happens while nobody wants it is not told later.
      if (this.isFollowing !== false) {
        await cursors.forget(NAME);
        this.isFollowing = false;
      }
      return;
    }
    this.isFollowing = true;
    if (await cursors.isThere(NAME, await logEnd(database))) {
      return;
    }
    const from = await cursors.take(NAME, lease, () => logEnd(database));
    if (from === null) {
      return;
    }
    for (let next = from; ;) {
      const records = await readForwarded(database, next, RECORDS, true);
      const last = records.at(-1);
      if (!last) {
        break;
      }
      next = last.index + 1;
      await database.write.transaction().execute(async db => {
        if (await cursors.advance(NAME, lease, next, db)) {
          for (const blocked of records.flatMap(record => blockedInstall(record) ?? [])) {
            await queue.put(
              targetsOf(blocked.announcement.data.hub),
              blocked.announcement,
              blocked.place,
              db
            );
          }
        }
      });
    }
    await cursors.release(NAME, lease);
  }

  private isFollowing: boolean | null = null;
}

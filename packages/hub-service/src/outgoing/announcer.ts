import type { IDatabase } from '../store/database.js';
import { blockedInstall } from './blocked-installs.js';
import type { LogCursors } from './log-cursors.js';
import type { Losses } from './losses.js';
import type { MessageQueue } from './message-queue.js';
import { missingOf } from './missing-loss.js';
import { logEnd, readForwarded } from './read-forwarded.js';

export interface IAnnouncerOptions {
  readonly database: IDatabase;
  readonly cursors: LogCursors;
  readonly queue: MessageQueue;
  readonly losses: Losses;
  /** Epoch ms. */
  readonly nowMs: () => number;
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
    const { database, cursors, queue, losses, lease, nowMs } = this.options;
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
      const range = { from: next, most: RECORDS, hasNames: true, nowMs: nowMs() };
      const read = await readForwarded(database, range);
      if (read.next === next) {
        break;
      }
      next = read.next;
      const { count, says } = missingOf(read.items);
      await database.write.transaction().execute(async db => {
        if (await cursors.advance(NAME, lease, next, db)) {
          for (const target of count > 0 ? targetsOf(null) : []) {
            // One of them may have been a blocked install.
            await losses.add(target, 'missing', count, says, db);
          }
          for (const blocked of read.items.flatMap(item =>
            'hole' in item ? [] : (blockedInstall(item) ?? [])
          )) {
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

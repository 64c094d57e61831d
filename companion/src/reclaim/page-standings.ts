import { effectiveReclaim } from '@labkeeper/core';
import { documentsStanding, Receiver, type DocumentStanding, type Reclaim } from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import type { IFlushed } from './endpoint/notice-handler.js';

/** So much of the time is left for the journal when pages did not answer, in ms. */
const SPARE_MS = 100;

/** What pages have said of their documents since a notice began: only they know what they have not sent yet. */
export class PageStandings {
  constructor(private readonly clock: IClock) {}

  /** A page is there. @returns to be called when it is gone. */
  add(receiver: Receiver): () => void {
    const page: IPage = { documents: null };
    this.pages.add(page);
    receiver.join(
      new Receiver().on(documentsStanding, ({ documents }) => {
        page.documents = documents;
        this.look();
      })
    );
    return () => {
      this.pages.delete(page);
      this.look();
    };
  }

  /** The notices have changed. With another one that counts, pages are asked anew. */
  noticed(reclaims: readonly Reclaim[]): void {
    const reclaim = effectiveReclaim(reclaims);
    if (reclaim?.id !== this.reclaim?.id) {
      this.pages.forEach(page => (page.documents = null));
    }
    this.reclaim = reclaim;
    this.look();
  }

  /**
   * Waits until all pages say that their work is safe, and then brings to the disk what is on its way there.
   *
   * @param flush - @returns whether that is so.
   * @returns what is safe then, or when the time in ms is over; null = not all pages have said so.
   */
  async flushed(withinMs: number, flush: () => Promise<boolean>): Promise<IFlushed | null> {
    await Promise.all([this.settled(withinMs - SPARE_MS), flush()]);
    // With what pages have sent meanwhile.
    const isWhole = await flush();
    const said = this.said;
    return said && { ...said, unsafeDocuments: isWhole ? said.unsafeDocuments : said.documents };
  }

  /** null = a page has not answered. */
  private get said(): IFlushed | null {
    const safe = new Map<string, boolean>();
    for (const { documents } of this.isAsked ? this.pages : []) {
      if (documents === null) {
        return null;
      }
      for (const { path, lostMs } of documents) {
        safe.set(path, lostMs === 0 && safe.get(path) !== false);
      }
    }
    return { documents: safe.size, unsafeDocuments: [...safe.values()].filter(isSafe => !isSafe).length };
  }

  /** Before culling pages say nothing, because that would count as activity; and nothing is lost in a trial. */
  private get isAsked(): boolean {
    return this.reclaim !== null && this.reclaim.kind !== 'cull' && this.reclaim.kind !== 'trial';
  }

  private settled(withinMs: number): Promise<void> {
    return new Promise(resolve => {
      const end = (): void => {
        timer.dispose();
        this.waiting.delete(end);
        resolve();
      };
      const timer = this.clock.after(Math.max(0, withinMs), end);
      this.waiting.add(end);
      this.look();
    });
  }

  private look(): void {
    if (this.said?.unsafeDocuments === 0) {
      this.waiting.forEach(end => end());
    }
  }

  private readonly pages = new Set<IPage>();
  private readonly waiting = new Set<() => void>();
  private reclaim: Reclaim | null = null;
}

interface IPage {
  /** null = it has not said yet how they stand. */
  documents: readonly DocumentStanding[] | null;
}

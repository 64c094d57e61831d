import type { DocumentKind, RunId } from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import type { HandedOver } from './hand-over.js';

/** A page whose connection broke is back within this time, or somebody else may have what it left; in ms. */
export const LEFT_MS = 5000;
/** A page that does not answer for so long may be frozen: another one that shows the document gets the outputs. */
export const ANSWER_MS = 10_000;
/** So often it is looked again while something is left that a page shows. */
const LOOK_MS = 1000;

/** A document that a page shows. */
export interface IShownDocument {
  readonly path: string;
  readonly kind: DocumentKind;
  readonly kernelId: string | null;
}

/** A page, as far as work of others may go to it. */
export interface ILeftWorkPage {
  readonly shown: ReadonlyMap<string, IShownDocument>;
}

export interface ILeftWorkOptions<P extends ILeftWorkPage> {
  readonly clock: IClock;
  readonly log: Log;
  /** Runs with unsaved work whose pages have been gone for so long, in ms, the last written last. */
  readonly unattended: (forMs: number) => readonly { readonly run: RunId; readonly path: string }[];
  /** Sends a page the outputs of a run. */
  readonly handOver: { send(run: RunId, path: string, page: P): Promise<HandedOver> };
  /** A recovered copy of the run is made and offered. */
  readonly offer: (run: RunId) => Promise<void>;
  /** Runs that are offered may be so no more. */
  readonly review: () => void;
}

/** What became of a run that is left. `sending`, `sent`, `taken`: to this page. `offered`: as a recovered copy. */
interface IFate<P> {
  readonly is: 'sending' | 'sent' | 'taken' | 'offered';
  readonly page: P | null;
  readonly sinceMs: number;
  /** It holds more than outputs: it is offered whatever the page does. */
  readonly rest: boolean;
}

/**
 * What pages left that are gone while the server lives: as soon as a page shows the document, it gets the outputs, and
 * everything else is offered as after a restart.
 */
export class LeftWork<P extends ILeftWorkPage> implements IDisposable {
  constructor(private readonly options: ILeftWorkOptions<P>) {}

  /** A page is there, which may show documents. */
  add(page: P): void {
    this.pages.add(page);
  }

  /** It is gone: what it was sent goes to the next one. */
  leave(page: P): void {
    this.pages.delete(page);
    for (const [run, fate] of this.fates) {
      if (fate.page === page) {
        this.fates.delete(run);
      }
    }
    this.look();
  }

  /** A page shows something else, or said something of its runs. */
  changed(): void {
    this.options.review();
    this.look();
  }

  /** A page has made what it can of the outputs of a run. @param all - everything is shown there. */
  taken(page: P, run: RunId, all: boolean): void {
    const fate = this.fates.get(run);
    if (fate?.page !== page) {
      return;
    }
    if (fate.rest || !all) {
      void this.offer(run);
    } else {
      // The page closes it when its own journal has everything.
      this.fates.set(run, { ...fate, is: 'taken' });
    }
  }

  /** The kernels in which pages may run cells of what they show. */
  *kernels(): Iterable<string> {
    for (const { shown } of this.pages) {
      for (const { kernelId } of shown.values()) {
        if (kernelId !== null) {
          yield kernelId;
        }
      }
    }
  }

  dispose(): void {
    this.timer?.dispose();
    this.pages.clear();
  }

  /** Does what can be done now, and looks again while something is left that comes later. */
  private look(): void {
    this.timer?.dispose();
    this.timer = null;
    const { clock, unattended } = this.options;
    const alone = unattended(0);
    const ids = new Set(alone.map(({ run }) => run));
    for (const run of [...this.fates.keys()].filter(id => !ids.has(id))) {
      this.fates.delete(run);
    }
    for (const [run, { is, page, sinceMs }] of this.fates) {
      const path = alone.find(each => each.run === run)?.path ?? '';
      const isOpen = is === 'sending' || is === 'sent';
      if (isOpen && clock.monotonicMs() - sinceMs >= ANSWER_MS && this.pageWith(path) !== page) {
        this.fates.delete(run);
      }
    }
    const ripe = new Set(unattended(LEFT_MS).map(({ run }) => run));
    let waits = false;
    for (const { run, path } of alone) {
      const page = this.fates.has(run) ? null : this.pageWith(path);
      if (page && ripe.has(run)) {
        void this.treat(run, path, page);
      }
      waits ||= (page !== null && !ripe.has(run)) || this.waitsInVain(run, path);
    }
    if (waits) {
      this.timer = clock.after(LOOK_MS, () => this.look());
    }
  }

  /** A page was sent it that may not answer, and another one shows the document. */
  private waitsInVain(run: RunId, path: string): boolean {
    const fate = this.fates.get(run);
    return (fate?.is === 'sending' || fate?.is === 'sent') && this.pageWith(path) !== fate.page;
  }

  private async treat(run: RunId, path: string, page: P): Promise<void> {
    if (page.shown.get(path)?.kind !== 'notebook') {
      await this.offer(run);
      return;
    }
    const sinceMs = this.options.clock.monotonicMs();
    const fate: IFate<P> = { is: 'sending', page, sinceMs, rest: false };
    this.fates.set(run, fate);
    const sent = await this.options.handOver.send(run, path, page);
    if (this.fates.get(run) !== fate) {
      return;
    }
    switch (sent.kind) {
      case 'sent':
        this.fates.set(run, { ...fate, is: 'sent', rest: sent.rest });
        return;
      case 'later':
        this.fates.delete(run);
        this.timer ??= this.options.clock.after(LEFT_MS, () => this.look());
        return;
      case 'unknown':
        await this.offer(run);
    }
  }

  private async offer(run: RunId): Promise<void> {
    this.fates.set(run, { is: 'offered', page: null, sinceMs: 0, rest: true });
    try {
      await this.options.offer(run);
    } catch (error) {
      // The home fails: the next start of the server offers it.
      this.options.log(`Work that a page left cannot be read: ${reasonOf(error)}`);
    }
  }

  /** The page that showed the path last; null = none does. */
  private pageWith(path: string): P | null {
    return [...this.pages].reverse().find(({ shown }) => shown.has(path)) ?? null;
  }

  private readonly pages = new Set<P>();
  private readonly fates = new Map<RunId, IFate<P>>();
  private timer: IDisposable | null = null;
}

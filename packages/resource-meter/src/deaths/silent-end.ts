import type { ISessionContext } from '@jupyterlab/apputils';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import type { IOpenDocument, OpenDocuments } from './documents.js';
import { HOLD_MS } from './stock-dialogs.js';

/** A kernel that ends this long after Lab heard of its death ended by it, in milliseconds. */
const AFTER_DEATH_MS = 60_000;

export interface ISilentEndOptions {
  readonly documents: OpenDocuments;
  /** Whether a verdict about this kernel was told. */
  readonly isTold: (kernelId: string) => boolean;
  /** Tells that the kernel ended for good, and that nobody said why. */
  readonly onEnd: (kernelId: string, document: IOpenDocument) => void;
  /** A clock in milliseconds that does not jump. */
  readonly now: () => number;
}

/**
 * After a row of deaths JupyterLab's server gives a kernel up, and the page says nothing at all. The companion tells
 * that; this is for when it cannot. An end without a death before it was wanted by somebody.
 */
export class SilentEnd implements IDisposable {
  constructor(private readonly options: ISilentEndOptions) {
    options.documents.all.forEach(document => this.watch(document));
    options.documents.added.connect((_, document) => this.watch(document), this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
    this.timers.forEach(clearTimeout);
  }

  private watch(document: IOpenDocument): void {
    document.sessionContext.statusChanged.connect(
      (context, status) => this.onStatus(document, context, status),
      this
    );
  }

  private onStatus(document: IOpenDocument, context: ISessionContext, status: string): void {
    const { now, isTold, onEnd } = this.options;
    const kernelId = context.session?.kernel?.id;
    if (kernelId === undefined) {
      return;
    }
    if (status === 'autorestarting') {
      this.diedMs.set(context, now());
      return;
    }
    const diedMs = this.diedMs.get(context);
    if (
      status !== 'dead' ||
      diedMs === undefined ||
      now() - diedMs > AFTER_DEATH_MS ||
      context.isTerminating
    ) {
      return;
    }
    this.diedMs.delete(context);
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!isTold(kernelId)) {
        onEnd(kernelId, document);
      }
    }, HOLD_MS);
    this.timers.add(timer);
  }

  private readonly diedMs = new WeakMap<ISessionContext, number>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private disposed = false;
}

import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import { HOLD_MS } from './stock-dialogs.js';

/** A kernel that ends this long after Lab heard of its death ended by it, in milliseconds. */
const AFTER_DEATH_MS = 60_000;

/** The part of a document's session that is watched. */
export interface IWatchedSession {
  readonly name: string;
  readonly isTerminating: boolean;
  readonly session: { readonly kernel: { readonly id: string } | null } | null;
  readonly statusChanged: ISignal<unknown, string>;
}

interface IWatchedDocument {
  readonly sessionContext: IWatchedSession;
}

export interface ISilentEndOptions {
  readonly documents: {
    readonly all: readonly IWatchedDocument[];
    readonly added: ISignal<unknown, IWatchedDocument>;
  };
  /** Whether a verdict about this kernel was told. */
  readonly isTold: (kernelId: string) => boolean;
  /** Tells that the kernel ended for good, and that nobody said why. */
  readonly onEnd: (kernelId: string, session: IWatchedSession) => void;
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

  private watch({ sessionContext }: IWatchedDocument): void {
    sessionContext.statusChanged.connect((_, status) => this.onStatus(sessionContext, status), this);
  }

  private onStatus(context: IWatchedSession, status: string): void {
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
        onEnd(kernelId, context);
      }
    }, HOLD_MS);
    this.timers.add(timer);
  }

  private readonly diedMs = new WeakMap<IWatchedSession, number>();
  private readonly timers = new Set<ReturnType<typeof setTimeout>>();
  private disposed = false;
}

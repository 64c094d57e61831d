import type { ISessionContext } from '@jupyterlab/apputils';
import type { CodeCell } from '@jupyterlab/cells';
import { KernelMessage, type Session } from '@jupyterlab/services';
import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';
import type { ICellFacts } from './explanation.js';
import type { IOpenDocument, OpenDocuments } from './documents.js';

/** How long a cell found at Lab's own news of a death is good for the companion's, in milliseconds. */
const SAME_DEATH_MS = 10_000;

/** Requests of one document that may wait for their kernel. */
const LONGEST_QUEUE = 10_000;

/** The cell that ran when a kernel died. */
export interface ICellRun extends ICellFacts {
  readonly kernelId: string;
  readonly document: IOpenDocument;
  readonly cell: CodeCell;
}

/** A request that has not been answered yet. */
interface IRequest {
  readonly messageId: string;
  /** null = the kernel has not said that it took it. */
  executionCount: number | null;
  /** When it was taken, or else sent. */
  startedMs: number;
}

/**
 * Knows which cell of each open document really runs: queued ones look the same in Lab. It remembers the requests in
 * their order: the oldest that is not answered runs, also where a kernel died before it could say that it took it. At a
 * death the cell must be found at once, 15 ms later Lab has reset them all.
 */
export class RunningCells implements IDisposable {
  /** @param now - a clock in milliseconds that does not jump. */
  constructor(
    private readonly documents: OpenDocuments,
    private readonly now: () => number
  ) {
    documents.all.forEach(document => this.watch(document));
    documents.added.connect((_, document) => this.watch(document), this);
  }

  get isDisposed(): boolean {
    return this.disposed;
  }

  /** Lab itself heard that a kernel died while a cell ran. */
  get found(): ISignal<this, ICellRun> {
    return this.foundSignal;
  }

  dispose(): void {
    this.disposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** The cell that ran when this kernel died, just now; null = none, or not in this page. Each run is given once. */
  atDeath(kernelId: string): ICellRun | null {
    const run = this.find(kernelId);
    if (run !== null) {
      return run;
    }
    const earlier = this.earlier.get(kernelId);
    this.earlier.delete(kernelId);
    return earlier !== undefined && this.now() - earlier.atMs < SAME_DEATH_MS ? earlier.run : null;
  }

  private watch({ sessionContext }: IOpenDocument): void {
    if (this.watched.has(sessionContext)) {
      return;
    }
    this.watched.add(sessionContext);
    sessionContext.iopubMessage.connect(this.onMessage, this);
    const follow = (session: Session.ISessionConnection | null): void => {
      session?.anyMessage.connect((_, { msg, direction }) => {
        if (direction === 'send' && msg.header.msg_type === 'execute_request') {
          this.sent(sessionContext, msg.header.msg_id);
        }
      }, this);
    };
    follow(sessionContext.session);
    sessionContext.sessionChanged.connect((_, { newValue }) => follow(newValue), this);
    sessionContext.statusChanged.connect(this.onStatus, this);
  }

  private onMessage(context: ISessionContext, message: KernelMessage.IMessage): void {
    if (!('msg_id' in message.parent_header)) {
      return;
    }
    const messageId = message.parent_header.msg_id;
    const requests = this.requests.get(context) ?? [];
    const request = requests.find(each => each.messageId === messageId);
    if (!request) {
      return;
    }
    if (KernelMessage.isExecuteInputMsg(message)) {
      request.executionCount = message.content.execution_count;
      request.startedMs = this.now();
    } else if (KernelMessage.isStatusMsg(message) && message.content.execution_state === 'idle') {
      requests.splice(requests.indexOf(request), 1);
    }
  }

  private sent(context: ISessionContext, messageId: string): void {
    const requests = this.requests.get(context) ?? [];
    requests.push({ messageId, executionCount: null, startedMs: this.now() });
    // A kernel that never answers must not fill the page.
    requests.splice(0, requests.length - LONGEST_QUEUE);
    this.requests.set(context, requests);
  }

  private onStatus(context: ISessionContext, status: string): void {
    const kernelId = context.session?.kernel?.id;
    // `restarting` alone may be the user's own wish.
    if (kernelId === undefined || (status !== 'autorestarting' && status !== 'dead')) {
      return;
    }
    const run = this.find(kernelId);
    if (run !== null) {
      this.earlier.set(kernelId, { run, atMs: this.now() });
      if (status === 'autorestarting') {
        this.foundSignal.emit(run);
      }
    }
  }

  /** Finds the cell, and forgets that it ran: the next death of this kernel is another one. */
  private find(kernelId: string): ICellRun | null {
    for (const document of this.documents.ofKernel(kernelId)) {
      const requests = this.requests.get(document.sessionContext) ?? [];
      const running = requests.find(each => each.executionCount !== null) ?? requests[0];
      const cell = running && document.codeCells().find(each => isRunBy(each, running.messageId));
      // Whatever was asked of the dead will not be answered.
      this.requests.delete(document.sessionContext);
      if (running !== undefined && cell !== undefined) {
        const { executionCount, startedMs } = running;
        return { kernelId, document, cell, executionCount, ranForMs: this.now() - startedMs };
      }
    }
    return null;
  }

  private readonly watched = new WeakSet<ISessionContext>();
  private readonly requests = new WeakMap<ISessionContext, IRequest[]>();
  private readonly earlier = new Map<string, { readonly run: ICellRun; readonly atMs: number }>();
  private readonly foundSignal = new Signal<this, ICellRun>(this);
  private disposed = false;
}

function isRunBy(cell: CodeCell, messageId: string): boolean {
  // `future` is null before the first run, although its type does not say so.
  const future: { readonly msg: KernelMessage.IMessage } | null = cell.outputArea.future;
  return cell.model.executionState === 'running' && future?.msg.header.msg_id === messageId;
}

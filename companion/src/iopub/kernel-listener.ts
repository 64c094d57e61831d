import {
  KernelExecutions,
  OUTPUT_TYPES,
  type Execution,
  type IOutputLimits,
  type IPlace
} from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import type { ISubscriptionEvents, SubscriptionState } from './kernel-subscription.js';

/** Nobody wants to hear from the kernel for so long: the connection is given back. */
const DROP_MS = 60_000;
/** Outputs of finished cells are kept so long, in case the page goes before it has written them down. */
export const LINGER_MS = 60_000;
/** … and longer if they have displays that other cells can change, while all together have no more than this. */
const DISPLAY_BYTES = 4 * 1024 * 1024;

export interface IKernelListenerOptions {
  readonly kernelId: string;
  readonly clock: IClock;
  /** How much of the outputs of a cell that begins is kept. */
  readonly limits: (place: IPlace) => IOutputLimits;
  /** The kernel's connection file; null = it has none, or is not known. */
  readonly connectionFile: (kernelId: string) => string | null;
  readonly subscribe: (path: string, events: ISubscriptionEvents) => IDisposable;
  readonly changed: (execution: Execution) => void;
  /** An error ended a cell: its name and value as the kernel told them. */
  readonly erred?: (name: unknown, value: unknown) => void;
  /** Called with every change of the connection. */
  readonly stateChanged: (state: SubscriptionState) => void;
}

/** Listens to one kernel while somebody wants it, and holds its executions. */
export class KernelListener implements IDisposable {
  constructor(private readonly options: IKernelListenerOptions) {
    this.executions = new KernelExecutions({
      limits: options.limits,
      changed: options.changed
    });
  }

  readonly executions: KernelExecutions;

  /** Whether the kernel is listened to. */
  get isListening(): boolean {
    return this.subscription !== null;
  }

  /** A page sent a request for a cell. */
  expect(msgId: string, place: IPlace): void {
    this.executions.expect(msgId, place, this.options.clock.monotonicMs());
    this.listen();
  }

  /** Begins to listen, if the kernel has a connection file and that is not done already. */
  listen(): void {
    this.wantedAtMs = this.options.clock.monotonicMs();
    if (this.subscription === null) {
      const path = this.options.connectionFile(this.options.kernelId);
      this.subscription = path === null ? null : this.options.subscribe(path, this.events());
    }
  }

  /**
   * Forgets what is of no use any more, and stops listening when nobody wanted it for a while.
   *
   * @param isWanted - a page may run cells at any moment.
   * @param isKept - outputs of this run are kept whatever their age.
   */
  sweep(isWanted: boolean, isKept: (run: string) => boolean): void {
    const nowMs = this.options.clock.monotonicMs();
    this.executions.sweep(nowMs);
    let displayBytes = 0;
    for (const execution of [...this.executions.all].reverse()) {
      const { place, isOver, heardAtMs, outputs } = execution;
      if (place === null || !isOver || nowMs - heardAtMs < LINGER_MS || isKept(place.run)) {
        continue;
      }
      displayBytes += outputs.bytes;
      if (!outputs.hasDisplays || displayBytes > DISPLAY_BYTES) {
        this.executions.forget(execution);
      }
    }
    if (isWanted || this.executions.isPending) {
      this.listen();
    } else if (nowMs - this.wantedAtMs >= DROP_MS) {
      this.dispose();
    }
  }

  dispose(): void {
    this.subscription?.dispose();
    this.subscription = null;
  }

  private events(): ISubscriptionEvents {
    const { clock } = this.options;
    return {
      message: message => {
        const { type, parentType, content } = message;
        if (type === 'error' && parentType === 'execute_request') {
          this.options.erred?.(content['ename'], content['evalue']);
        }
        this.executions.receive(message, clock.monotonicMs());
      },
      skipped: ({ type, parentId, bytes }) => {
        if (parentId !== null && OUTPUT_TYPES.has(type)) {
          this.executions.miss(parentId, { bytes, exact: true }, clock.monotonicMs());
        }
      },
      lost: () => this.executions.lost(clock.monotonicMs()),
      ended: () => {
        this.subscription = null;
        this.executions.end(clock.monotonicMs());
      },
      changed: this.options.stateChanged
    };
  }

  private subscription: IDisposable | null = null;
  private wantedAtMs = 0;
}

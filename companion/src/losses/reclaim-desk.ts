import {
  checkpointsKnown,
  documentsStanding,
  receiptRead,
  trialAsked,
  type Kernel,
  type KernelLoss,
  type Receipt,
  type Receiver,
  type Reclaim
} from '@labkeeper/protocol';
import type { IClock } from '../clock.js';
import type { Log } from '../log.js';
import { serverId } from '../recorder/server-id.js';
import { KernelAsker } from './kernel-asker.js';
import { LossWatch, type VariablesMode } from './loss-watch.js';
import { ReceiptBook } from './receipt-book.js';

export interface IReclaimDeskOptions {
  readonly clock: IClock;
  readonly log: Log;
  readonly boot: string;
  /** On which receipts are kept; null = none are. */
  readonly home: string | null;
  readonly serverName: string;
  /** null = nobody said: the companion's parent stands for it. */
  readonly serverPid: number | null;
  readonly procRoot: string;
  /** When kernels are asked for their variables. */
  readonly variables: () => VariablesMode;
  readonly kernels: () => readonly Kernel[];
  readonly memoryOf: (kernelId: string) => number | null;
  /** The path of a kernel's connection file; null = it has none, or is not known. */
  readonly connectionFile: (kernelId: string) => string | null;
  /** Begins a trial in so many seconds; 0 ends the one that runs. */
  readonly trial: (seconds: number) => void;
  readonly lossesChanged: () => void;
  readonly receiptChanged: () => void;
}

/** What is done about notices beside saving: what will be lost is found, checkpoint cells are run, a receipt is kept. */
export class ReclaimDesk {
  constructor(private readonly options: IReclaimDeskOptions) {
    const { clock, home, connectionFile, procRoot, serverPid } = options;
    this.watch = new LossWatch({
      ...options,
      mode: options.variables,
      asker: ({ kernelId, pid }) => {
        const path = pid === null ? null : connectionFile(kernelId);
        return path === null ? null : new KernelAsker(path, clock);
      },
      changed: losses => {
        this.book?.lost(losses);
        options.lossesChanged();
      }
    });
    this.book =
      home === null
        ? null
        : new ReceiptBook({
            ...options,
            home,
            serverId: serverId(procRoot, serverPid ?? process.ppid),
            changed: options.receiptChanged
          });
  }

  /** Takes what a page says about reclaims. */
  join(receiver: Receiver): void {
    receiver
      .on(trialAsked, ({ seconds, checkpoints }) => {
        this.withCheckpoints = checkpoints === true;
        this.options.trial(seconds);
      })
      .on(checkpointsKnown, ({ kernelId, cells }) =>
        this.watch.checkpoints(
          kernelId,
          cells.map(({ code }) => code)
        )
      )
      .on(documentsStanding, ({ documents, safeAfterMs }) => this.book?.standing(documents, safeAfterMs))
      .on(receiptRead, ({ id }) => this.book?.wasRead(id));
  }

  get losses(): readonly KernelLoss[] {
    return this.watch.losses;
  }

  get receipt(): Receipt | null {
    return this.book?.last ?? null;
  }

  start(): void {
    void this.book?.start();
  }

  kernelsChanged(): void {
    this.watch.kernelsChanged();
  }

  noticed(reclaims: readonly Reclaim[]): void {
    this.book?.noticed(reclaims);
    this.watch.noticed(reclaims, this.withCheckpoints);
  }

  /** The last receipt is on the disk when this resolves. */
  async close(): Promise<void> {
    this.watch.dispose();
    await this.book?.close();
  }

  private readonly watch: LossWatch;
  private readonly book: ReceiptBook | null;
  /** Whether the trial that was asked for last runs checkpoint cells. */
  private withCheckpoints = false;
}

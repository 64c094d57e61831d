import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { effectiveReclaim, isJson, isWorthTelling } from '@labkeeper/core';
import {
  DOCUMENTS_TOLD,
  parseReceipt,
  type DocumentStanding,
  type KernelLoss,
  type Receipt,
  type Reclaim
} from '@labkeeper/protocol';
import type { IClock, IDisposable } from '../clock.js';
import { codeOf, reasonOf } from '../failure.js';
import type { Log } from '../log.js';
import { ensureOwnFolder, readOwnFile, removeLeftovers, replaceOwnFile } from '../recorder/own-folder.js';
import { serverLives } from '../recorder/server-id.js';

/** While a notice holds its receipt is written this often, at most: the machine may vanish before its time. */
const WRITE_MS = 2000;
/** Longest receipt that is read. */
const LONGEST_BYTES = 2 * 1024 * 1024;
/** Variables of a kernel that a receipt keeps, the largest. */
const VARIABLES_KEPT = 50;

export interface IReceiptBookOptions {
  readonly home: string;
  readonly serverName: string;
  readonly serverId: string;
  readonly boot: string;
  readonly procRoot: string;
  readonly clock: IClock;
  readonly log: Log;
  /** The receipt of the last end is known, or was read. */
  readonly changed: () => void;
}

/**
 * Keeps on the home what was safe and what was lost when the machine or the server ended after a notice: written while
 * the notice holds, removed when it is withdrawn, offered after the next start until it is read. One file for now and
 * one for the last end, so it is bounded.
 */
export class ReceiptBook {
  constructor(private readonly options: IReceiptBookOptions) {}

  /** The receipt of the last end; null = there is none, or it was read. */
  get last(): Receipt | null {
    return this.lastEnd;
  }

  /** Looks whether the server before this one ended after a notice. */
  start(): Promise<void> {
    return this.queue(async () => void (await this.open()));
  }

  /** The notices have changed. */
  noticed(reclaims: readonly Reclaim[]): void {
    const real = effectiveReclaim(reclaims.filter(({ kind }) => kind !== 'trial'));
    if (real?.id !== this.reclaim?.id) {
      this.documents.clear();
      this.safeAfterMs = null;
    }
    this.reclaim = real;
    this.write();
  }

  /** A page says how its documents stand; of one that two pages have, what was said last counts. */
  standing(documents: readonly DocumentStanding[], safeAfterMs: number | null): void {
    for (const document of documents) {
      if (this.documents.size < DOCUMENTS_TOLD || this.documents.has(document.path)) {
        this.documents.set(document.path, document);
      }
    }
    this.safeAfterMs = safeAfterMs;
    this.write();
  }

  lost(kernels: readonly KernelLoss[]): void {
    this.kernels = kernels;
    this.write();
  }

  /** The user has read the receipt of this notice. */
  wasRead(id: string): void {
    if (this.lastEnd?.reclaim.id !== id) {
      return;
    }
    this.lastEnd = null;
    this.options.changed();
    void this.queue(async () => {
      if (this.folder !== null) {
        await rm(join(this.folder, 'last.json'), { force: true });
      }
    });
  }

  /** Writes the last one. */
  async close(): Promise<void> {
    this.timer?.dispose();
    this.isClosed = true;
    await (this.reclaim === null ? this.done : this.put());
  }

  /** Finds out what is there, once that is possible. @returns the folder. */
  private async open(): Promise<string> {
    const { home, serverName, procRoot, clock, changed } = this.options;
    const folder = await ensureOwnFolder(home, 'receipts', serverName);
    await removeLeftovers(join(folder, 'now.json'), clock.wallMs());
    const now = await this.read(join(folder, 'now.json'));
    // A companion that began anew beside the same server: nothing has ended.
    if (now !== null && serverLives(procRoot, now.server) !== true) {
      await rename(join(folder, 'now.json'), join(folder, 'last.json'));
    }
    const last = (await this.read(join(folder, 'last.json')))?.receipt ?? null;
    this.folder = folder;
    this.lastEnd = last !== null && isWorthTelling(last) ? last : null;
    if (this.lastEnd !== null) {
      changed();
    }
    return folder;
  }

  /** Writes soon, and no more often than it should. */
  private write(): void {
    if (!this.isClosed && (this.reclaim !== null || this.isWritten)) {
      this.timer ??= this.options.clock.after(this.isWritten ? WRITE_MS : 0, () => {
        this.timer = null;
        void this.put();
      });
    }
  }

  private put(): Promise<void> {
    return this.queue(async () => {
      // The home may have failed at the start.
      const folder = this.folder ?? (await this.open());
      const { reclaim } = this;
      const path = join(folder, 'now.json');
      this.isWritten = reclaim !== null;
      if (reclaim === null) {
        await rm(path, { force: true });
        return;
      }
      const { serverId, boot, clock } = this.options;
      const receipt: Receipt = {
        reclaim,
        atMs: Math.round(clock.wallMs()),
        safeAfterMs: this.safeAfterMs,
        documents: [...this.documents.values()],
        kernels: this.kernels.map(kept)
      };
      await replaceOwnFile(path, JSON.stringify({ server: serverId, receipt }), boot);
    });
  }

  /** One after the other; a failure is told once, and the next is tried all the same. */
  private queue(act: () => Promise<void>): Promise<void> {
    this.done = this.done.then(act).catch((error: unknown) => {
      if (!this.hasFailed) {
        this.hasFailed = true;
        this.options.log(`The receipt of a reclaim cannot be kept: ${reasonOf(error)}`);
      }
    });
    return this.done;
  }

  /** null = there is none, or it is broken. */
  private async read(path: string): Promise<{ readonly server: string; readonly receipt: Receipt } | null> {
    try {
      const value: unknown = JSON.parse((await readOwnFile(path, LONGEST_BYTES)).toString('utf8'));
      const receipt = parseReceipt(isJson(value) ? value['receipt'] : null);
      const server = isJson(value) ? value['server'] : null;
      return receipt !== null && typeof server === 'string' ? { server, receipt } : null;
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) {
        return null;
      }
      throw error;
    }
  }

  private folder: string | null = null;
  private lastEnd: Receipt | null = null;
  private reclaim: Reclaim | null = null;
  private readonly documents = new Map<string, DocumentStanding>();
  private safeAfterMs: number | null = null;
  private kernels: readonly KernelLoss[] = [];
  private timer: IDisposable | null = null;
  private isWritten = false;
  private isClosed = false;
  private hasFailed = false;
  private done: Promise<void> = Promise.resolve();
}

function kept(loss: KernelLoss): KernelLoss {
  const { variables } = loss;
  return variables
    ? { ...loss, variables: { ...variables, items: variables.items.slice(0, VARIABLES_KEPT) } }
    : loss;
}

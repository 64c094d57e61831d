import { shortReceipt, type IStreamReceipt } from '@labkeeper/core';
import { readReceipt, type KeptReceipt } from '@labkeeper/protocol';
import { codeOf, reasonOf } from '../failure.js';
import { readSmallFile } from './audit-disk.js';
import type { IJournalDisk } from '../journal/journal-disk.js';
import type { Log } from '../log.js';
import { NotOursError } from '../recorder/own-folder.js';
import { isSpoilt } from './spoilt.js';

/** Receipts of so many streams are kept: each is a few hundred bytes, and a proof years later. */
const MOST_RECEIPTS = 200;
/** So many that the disk did not take are tried again. */
const MOST_UNKEPT = 8;
/** Longest receipt that is read, in bytes. */
const RECEIPT_BYTES = 16 * 1024;

const NAME = /^[0-9a-f-]{36}\.receipt$/;

/**
 * Keeps the last signed receipt of every stream on the disk. Records do not wait for that: whatever somebody made of the
 * files, or the disk does not take, nothing here throws.
 */
export class Receipts {
  constructor(
    private readonly disk: IJournalDisk,
    private readonly log: Log
  ) {}

  /** The last receipt's short form, by which the hub's pages find what it vouches for; null = there is none yet. */
  get short(): string | null {
    return this.last && shortReceipt(this.last.body);
  }

  /** When the hub signed the last receipt, by its clock; null = there is none yet. */
  get receivedAtMs(): number | null {
    return this.last?.body.receivedAtMs ?? null;
  }

  /** The last receipt of a stream; null = none is kept, or it cannot be read now. */
  async of(boot: string): Promise<IStreamReceipt | null> {
    let receipt = this.known.get(boot) ?? null;
    if (!this.known.has(boot)) {
      receipt = await this.read(boot);
    }
    return receipt && { short: shortReceipt(receipt.body), seq: receipt.body.seq };
  }

  /** One that the disk does not take is tried again with the next. */
  async keep(receipt: KeptReceipt): Promise<void> {
    this.last = receipt;
    this.remember(receipt.body.boot, receipt);
    this.unkept.set(receipt.body.boot, receipt);
    for (const [boot, one] of [...this.unkept].slice(-MOST_UNKEPT)) {
      await this.quietly(async () => {
        await this.disk.replace(`${boot}.receipt`, JSON.stringify(one));
        this.unkept.delete(boot);
      });
    }
  }

  /** Removes the oldest, where there are very many. */
  async prune(): Promise<void> {
    await this.quietly(async () => {
      const names = (await this.disk.names()).filter(name => NAME.test(name));
      if (names.length <= MOST_RECEIPTS) {
        return;
      }
      const dated: { name: string; atMs: number }[] = [];
      for (const name of names) {
        await this.quietly(async () => {
          dated.push({ name, atMs: (await this.disk.state(name)).changedAtMs });
        });
      }
      dated.sort((a, b) => b.atMs - a.atMs);
      for (const { name } of dated.slice(MOST_RECEIPTS)) {
        await this.disk.remove(name);
      }
    });
  }

  private async read(boot: string): Promise<KeptReceipt | null> {
    let receipt: KeptReceipt | null = null;
    try {
      receipt = readReceipt(await readSmallFile(this.disk, `${boot}.receipt`, RECEIPT_BYTES));
    } catch (error) {
      if (!(error instanceof RangeError) && !(await isSpoilt(this.disk, error))) {
        if (codeOf(error) === null) {
          throw error;
        }
        // Perhaps it can be read later.
        return null;
      }
    }
    this.remember(boot, receipt);
    return receipt;
  }

  /** What does not succeed is told once. */
  private async quietly(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (codeOf(error) === null && !(error instanceof NotOursError)) {
        throw error;
      }
      if (!this.told) {
        this.told = true;
        this.log(`Receipts of the hub service cannot be kept on the disk: ${reasonOf(error)}`);
      }
    }
  }

  private remember(boot: string, receipt: KeptReceipt | null): void {
    if (this.known.size >= MOST_RECEIPTS) {
      this.known.clear();
    }
    this.known.set(boot, receipt);
  }

  private last: KeptReceipt | null = null;
  /** Those that are not on the disk yet, by stream. */
  private readonly unkept = new Map<string, KeptReceipt>();
  /** That there is trouble was said. */
  private told = false;
  /** By stream; null = none is kept. */
  private readonly known = new Map<string, KeptReceipt | null>();
}

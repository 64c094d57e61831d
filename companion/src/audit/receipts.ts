import { shortReceipt, type IStreamReceipt } from '@labkeeper/core';
import { readReceipt, type KeptReceipt } from '@labkeeper/protocol';
import { codeOf } from '../failure.js';
import { readSmallFile } from './audit-disk.js';
import type { IJournalDisk } from '../journal/journal-disk.js';

/** Receipts of so many streams are kept: each is a few hundred bytes, and a proof years later. */
const MOST_RECEIPTS = 200;
/** Longest receipt that is read, in bytes. */
const RECEIPT_BYTES = 16 * 1024;

const NAME = /^[0-9a-f-]{36}\.receipt$/;

/** Keeps the last signed receipt of every stream on the disk. */
export class Receipts {
  constructor(private readonly disk: IJournalDisk) {}

  /** The last receipt's short form, by which the hub's pages find what it vouches for; null = there is none yet. */
  get short(): string | null {
    return this.last && shortReceipt(this.last.body);
  }

  /** When the hub signed the last receipt, by its clock; null = there is none yet. */
  get receivedAtMs(): number | null {
    return this.last?.body.receivedAtMs ?? null;
  }

  /** The last receipt of a stream; null = none is kept. @throws the system's error. */
  async of(boot: string): Promise<IStreamReceipt | null> {
    let receipt = this.known.get(boot);
    if (receipt === undefined) {
      receipt = await this.read(boot);
      this.remember(boot, receipt);
    }
    return receipt && { short: shortReceipt(receipt.body), seq: receipt.body.seq };
  }

  /** @throws the system's error. */
  async keep(receipt: KeptReceipt): Promise<void> {
    this.last = receipt;
    await this.disk.replace(`${receipt.body.boot}.receipt`, JSON.stringify(receipt));
    this.remember(receipt.body.boot, receipt);
  }

  /** Removes the oldest, where there are very many. @throws the system's error. */
  async prune(): Promise<void> {
    const names = (await this.disk.names()).filter(name => NAME.test(name));
    if (names.length <= MOST_RECEIPTS) {
      return;
    }
    const dated = await Promise.all(
      names.map(async name => ({ name, atMs: (await this.disk.state(name)).changedAtMs }))
    );
    dated.sort((a, b) => b.atMs - a.atMs);
    for (const { name } of dated.slice(MOST_RECEIPTS)) {
      await this.disk.remove(name);
    }
  }

  private async read(boot: string): Promise<KeptReceipt | null> {
    try {
      return readReceipt(await readSmallFile(this.disk, `${boot}.receipt`, RECEIPT_BYTES));
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || error instanceof RangeError) {
        return null;
      }
      throw error;
    }
  }

  private remember(boot: string, receipt: KeptReceipt | null): void {
    if (this.known.size >= MOST_RECEIPTS) {
      this.known.clear();
    }
    this.known.set(boot, receipt);
  }

  private last: KeptReceipt | null = null;
  /** By stream; null = none is kept. */
  private readonly known = new Map<string, KeptReceipt | null>();
}

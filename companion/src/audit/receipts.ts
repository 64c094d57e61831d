import { readReceiptAnswer, type KeptReceipt } from '@labkeeper/protocol';
import { sha256Hex } from './segment.js';
import type { IJournalDisk } from '../journal/journal-disk.js';

/** Receipts of so many streams are kept: each is a few hundred bytes, and a proof years later. */
const MOST_RECEIPTS = 200;

/** A receipt is much shorter, in bytes. */
const READ_BYTES = 64 * 1024;

const NAME = /^[0-9a-f-]{36}\.receipt$/;

/** Keeps the last signed receipt of every stream on the disk. */
export class Receipts {
  constructor(private readonly disk: IJournalDisk) {}

  /**
   * First eight digits of the last receipt's hash (SHA-256 of the signature's bytes), by which people can compare it with
   * the hub's; null = there is none yet.
   */
  get short(): string | null {
    return this.last === null ? null : sha256Hex(Buffer.from(this.last.signature, 'base64url')).slice(0, 8);
  }

  /** @throws the system's error. */
  async keep(receipt: KeptReceipt): Promise<void> {
    const { boot, seq } = receipt.body;
    this.last = receipt;
    await this.disk.replace(nameOf(boot), JSON.stringify(receipt));
    this.reached.set(boot, seq);
  }

  /** Up to which record of a stream there is a receipt; 0 = there is none that can be read. @throws the system's error. */
  async reach(boot: string): Promise<number> {
    const known = this.reached.get(boot);
    if (known !== undefined) {
      return known;
    }
    const name = nameOf(boot);
    let seq = 0;
    if ((await this.disk.names()).includes(name)) {
      const pieces: Buffer[] = [];
      for await (const piece of this.disk.read(name, 0, READ_BYTES)) {
        pieces.push(piece);
      }
      const kept = readReceiptAnswer(`{"receipt":${Buffer.concat(pieces).toString('utf8')}}`);
      seq = kept?.receipt.body.boot === boot ? kept.receipt.body.seq : 0;
    }
    this.reached.set(boot, seq);
    return seq;
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

  private last: KeptReceipt | null = null;
  private readonly reached = new Map<string, number>();
}

function nameOf(boot: string): string {
  return `${boot}.receipt`;
}

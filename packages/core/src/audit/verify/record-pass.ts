import type { ExportHead } from '@labkeeper/protocol';
import type { Findings } from './findings.js';
import { DigestRoots } from './digest-roots.js';
import { parseEntryLine, type IEntryLine } from './entry-line.js';
import type { IVerifyOptions } from './export-verifier.js';
import { IndexOrder } from './index-order.js';
import { NotableRecords } from './notable-records.js';
import type { PersonalMatch } from './personal-match.js';
import { ReceiptAnchors } from './receipt-anchors.js';
import { ReceivedTimes } from './received-times.js';
import { recordFacts, type IRecordFacts } from './record-facts.js';
import { StreamChains } from './stream-chains.js';
import type { IVerifyTools } from './tools.js';

/** Takes the records of an export one after the other and hands each to all that look at it. */
export class RecordPass {
  /** @param head - null = it cannot be read. */
  constructor(
    private readonly tools: IVerifyTools,
    private readonly findings: Findings,
    head: ExportHead | null,
    options: IVerifyOptions,
    private readonly personal: PersonalMatch | null
  ) {
    const isWhole = head !== null && head.filter === null;
    this.isFiltered = head !== null && head.filter !== null;
    this.roots = new DigestRoots(tools.sha256, options.digests);
    this.order = new IndexOrder(isWhole ? head.firstIndex : null, isWhole, findings);
    this.chains = new StreamChains(findings, isWhole, head?.firstIndex ?? 0);
    this.receipts = new ReceiptAnchors(options.anchors.receipts);
  }

  readonly roots: DigestRoots;
  readonly chains: StreamChains;
  readonly receipts: ReceiptAnchors;
  readonly notable = new NotableRecords();
  /** Records whose own proof leads to a digest, by its number. */
  readonly provenBy = new Map<number, number>();
  readonly times = new ReceivedTimes();

  /** Records so far. */
  get count(): number {
    return this.number;
  }

  /** Index of the last record; null = there was none. */
  get last(): number | null {
    return this.lastIndex;
  }

  /** @returns false when the line cannot be read. */
  take(line: Uint8Array): boolean {
    const entry = parseEntryLine(line);
    const raw = entry && (entry.kind === 'record' ? entry.content : this.opaqueBytes(entry));
    if (!entry || !raw) {
      return false;
    }
    const { index, seq } = entry;
    const stream = this.tools.decode(entry.stream);
    const facts = entry.kind === 'record' ? this.facts(entry, stream) : null;
    const hash = this.tools.sha256Hex(raw);
    this.number += 1;
    this.lastIndex = index;
    this.order.next(index);
    this.prove(entry, this.roots.add(index, entry.entry));
    this.times.add(index, entry.digest ?? this.roots.numberOf(index), entry.receivedAtMs);
    this.chains.add({ index, stream, seq, hash, facts });
    const { receivedAtMs } = entry;
    const hub = (): string => this.tools.decode(entry.hub);
    this.receipts.add({ index, stream, seq, hash, boot: facts?.boot ?? null, receivedAtMs, hub });
    this.personal?.add(index, facts ? facts.personal : undefined);
    if (facts?.gap) {
      this.notable.gap({ index, stream, ...facts.gap });
    }
    if (entry.kind === 'opaque') {
      this.notable.unreadable({ index, stream, seq });
    }
    return true;
  }

  /** No more records. @param end - the first index that is no longer in the range; null = not known. */
  finish(end: number | null): void {
    this.order.finish(end);
  }

  private opaqueBytes({ content }: IEntryLine): Uint8Array | null {
    return this.tools.fromBase64(this.tools.decode(content));
  }

  private facts({ index, content }: IEntryLine, stream: string): IRecordFacts | null {
    const facts = recordFacts(this.tools.decode(content));
    if (facts === null) {
      this.findings.add('record', `Record ${index} was altered: it cannot be read.`, { index, stream });
    }
    return facts;
  }

  private prove({ index, digest, proof }: IEntryLine, leaf: Uint8Array): void {
    if (digest === null) {
      if (this.isFiltered) {
        this.findings.add('proof', `Record ${index} has no proof.`, { index });
      }
      return;
    }
    const hashes = proof.map(hash => this.tools.decode(hash));
    const isProven = this.roots.proves(leaf, index, digest, hashes);
    if (isProven) {
      this.provenBy.set(digest, (this.provenBy.get(digest) ?? 0) + 1);
    } else {
      this.findings.add(
        'proof',
        isProven === null
          ? `Record ${index} names digest ${digest}, which is not there.`
          : `Record ${index} was altered, or its proof: it is not what digest ${digest} was signed over.`,
        { index }
      );
    }
  }

  private readonly isFiltered: boolean;
  private readonly order: IndexOrder;
  private number = 0;
  private lastIndex: number | null = null;
}

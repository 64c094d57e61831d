import { GoneLine, parseShape, type ExportHead, type SignedDigest } from '@labkeeper/protocol';
import { digestText } from '../digest.js';
import { Deletions } from './deletions.js';
import { recordsFrom, type Findings } from './findings.js';
import { DigestRoots } from './digest-roots.js';
import { parseEntryLine, type IEntryLine } from './entry-line.js';
import type { IVerifyOptions } from './export-verifier.js';
import { hashFromHex } from './hex.js';
import { IndexOrder } from './index-order.js';
import { MissingPlaces } from './missing-places.js';
import { NotableRecords } from './notable-records.js';
import type { PersonalMatch } from './personal-match.js';
import { ReceiptAnchors } from './receipt-anchors.js';
import { ReceivedTimes } from './received-times.js';
import { recordFacts, type IRecordFacts } from './record-facts.js';
import type { Signatures } from './signatures.js';
import { StreamChains } from './stream-chains.js';
import type { IVerifyTools } from './tools.js';

/** Takes the records of an export one after the other and hands each to all that look at it. */
export class RecordPass {
  /** @param head - null = it cannot be read. */
  constructor(
    private readonly tools: IVerifyTools,
    private readonly findings: Findings,
    head: ExportHead | null,
    private readonly signatures: Signatures,
    options: IVerifyOptions,
    private readonly personal: PersonalMatch | null
  ) {
    const isWhole = head !== null && head.filter === null;
    this.isFiltered = head !== null && head.filter !== null;
    this.isWhole = isWhole;
    this.log = head?.log ?? null;
    this.roots = new DigestRoots(tools.sha256, options.digests);
    const { retirements = [] } = options;
    this.deletions = new Deletions(tools, signatures, head, this.roots, findings, retirements);
    const between = (first: number, end: number): number => this.deletions.ranges.between(first, end);
    this.places = new MissingPlaces(between);
    this.order = new IndexOrder(isWhole ? head.firstIndex : null, isWhole, findings, (first, end) =>
      this.places.missing(first, end)
    );
    this.chains = new StreamChains(
      findings,
      isWhole,
      head?.firstIndex ?? 0,
      {
        ...{ between, ownBoot: head?.log ?? null },
        lacks: lack => this.places.lacks(lack)
      },
      index => this.roots.numberOf(index)
    );
    this.receipts = new ReceiptAnchors(options.anchors.receipts);
  }

  readonly roots: DigestRoots;
  readonly deletions: Deletions;
  readonly chains: StreamChains;
  readonly receipts: ReceiptAnchors;
  readonly places: MissingPlaces;
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
    this.chains.add({ index, stream, seq, hash, facts, isTold: entry.kind === 'record' && facts === null });
    const { receivedAtMs } = entry;
    const hub = (): string => this.tools.decode(entry.hub);
    this.receipts.add({ index, stream, seq, hash, boot: facts?.boot ?? null, receivedAtMs, hub });
    this.personal?.add(index, facts ? facts.personal : undefined);
    if (facts?.action === 'retire') {
      this.deletions.stands(index, hash, receivedAtMs);
    }
    if (facts?.gap) {
      this.notable.gap({ index, stream, ...facts.gap });
    }
    if (entry.kind === 'opaque') {
      this.notable.unreadable({ index, stream, seq });
    }
    return true;
  }

  /** A line that stands for deleted records. @returns false when it cannot be read, or does not belong here. */
  takeGone(line: Uint8Array): boolean {
    const gone = parseShape(GoneLine, this.tools.decode(line))?.gone;
    const leaves = gone?.leaves === undefined ? null : leavesOf(gone.leaves);
    if (!gone || !this.isWhole || (leaves !== null && leaves.length !== gone.count)) {
      return false;
    }
    const { firstIndex, count } = gone;
    if (!this.deletions.excuses(firstIndex, count)) {
      const what = `Missing from the log: ${recordsFrom(firstIndex, firstIndex + count)}. The file says that they were deleted, and no act that holds says so.`;
      this.findings.add('missing', what, { index: firstIndex });
      this.places.missing(firstIndex, firstIndex + count);
    }
    for (let at = 0; at < count; at += 1) {
      this.order.next(firstIndex + at);
      this.roots.addGone(firstIndex + at, leaves?.[at] ?? null);
    }
    this.goneCount += count;
    return true;
  }

  /** The records have passed, and the digests come. */
  settle(): void {
    this.chains.settle(index => {
      const digest = this.roots.signedAt(index);
      return digest && this.isSigned(digest) ? this.roots.outcome(digest.body) : null;
    });
  }

  private isSigned({ body, key, signature }: SignedDigest): boolean {
    let holds = this.signed.get(body.number);
    if (holds === undefined) {
      holds = body.log === this.log && this.signatures.holds(key, digestText(body), signature) === true;
      this.signed.set(body.number, holds);
    }
    return holds;
  }

  /** No more records. @param end - the first index that is no longer in the range; null = not known. */
  finish(end: number | null): void {
    this.settle();
    this.order.finish(end);
    this.deletions.finish();
    const { excused } = this.chains;
    if (excused > this.goneCount) {
      const what = `Streams lack ${excused} records as deleted, and only ${this.goneCount} were.`;
      this.findings.add('chain', what);
    }
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
  private readonly isWhole: boolean;
  private readonly log: string | null;
  /** Whether the signature of an announced digest holds, by its number. */
  private readonly signed = new Map<number, boolean>();
  private readonly order: IndexOrder;
  private number = 0;
  private lastIndex: number | null = null;
  private goneCount = 0;
}

/** One hash after the other; the shape says that these are whole ones. */
function leavesOf(hexadecimal: string): readonly Uint8Array[] {
  return Array.from({ length: hexadecimal.length / 64 }, (_, at) =>
    hashFromHex(hexadecimal.slice(at * 64, (at + 1) * 64))
  ).filter(hash => hash !== null);
}

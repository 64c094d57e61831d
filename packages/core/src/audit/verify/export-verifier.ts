import {
  AnchorLine,
  EXPORT_FORMAT,
  ExportHead,
  parseShape,
  RETIRED_FORMAT,
  RetireLine,
  type SignedDigest
} from '@labkeeper/protocol';
import type { IAnchors } from './anchors.js';
import { isAnchorLine } from './announced-anchors.js';
import { isDigestLine } from './announced-digests.js';
import { isGoneLine, isRetireLine, type AnnouncedRetirement } from './announced-retirements.js';
import { ascii, ByteReader } from './byte-reader.js';
import { checkEnd, type IEnding } from './check-end.js';
import { concluded } from './conclude.js';
import { DigestChain } from './digest-chain.js';
import { isEntryLine } from './entry-line.js';
import { Findings, type FindingKind, type IVerifyFinding } from './findings.js';
import { LineCutter, type ILineTaker } from './line-cutter.js';
import { PersonalMatch, type NextLine } from './personal-match.js';
import { RecordPass } from './record-pass.js';
import { Signatures } from './signatures.js';
import type { IVerifyTools } from './tools.js';
import type { IVerifyReport } from './verify-report.js';

/** What is found where lines do not stand in order. */
const OUT_OF_ORDER: readonly FindingKind[] = ['order', 'missing', 'line', 'digest'];
/** Of these one act can leave several. */
const MANY_OF_ONE: readonly FindingKind[] = ['order', 'missing', 'digest'];
const HEAD = ascii('{"labkeeperExport":');
const END = ascii('{"end":');
const NO_HEAD = 'is no export of Labkeeper: its first line is not the head of one.';

/** What came is no export: there is nothing to verify. The message is one sentence without a subject. */
export class NotAnExportError extends Error {
  override readonly name = 'NotAnExportError';
}

/** What is known before the first byte. */
export interface IVerifyOptions {
  /** As `announcedDigests` gives them. */
  readonly digests: readonly SignedDigest[];
  /** As `announcedRetirements` gives them; absent = there are none. */
  readonly retirements?: readonly AnnouncedRetirement[];
  readonly anchors: IAnchors;
  /** null = there is no file with personal parts. */
  readonly personal: NextLine | null;
  /** What comes was put back in order before; absent = it comes as it lies there. */
  readonly putBack?: {
    /** What was done to the order, and is found. */
    readonly acts: readonly IVerifyFinding[];
    /** Where a line stands in the file, from 1. */
    readonly lineOf: (line: number) => number;
  };
}

/** Everything that the first line decides. */
interface IParts {
  readonly head: ExportHead | null;
  readonly signatures: Signatures;
  readonly records: RecordPass;
  readonly digests: DigestChain;
}

/**
 * Verifies an export as its bytes pass. Holds the head of every stream and a few numbers for every digest, and no record.
 * What is wrong is named, and the rest is still verified.
 */
export class ExportVerifier implements ILineTaker {
  constructor(
    private readonly tools: IVerifyTools,
    private readonly options: IVerifyOptions
  ) {
    this.findings = new Findings(options.putBack?.acts);
    this.cutter = new LineCutter(tools.running(), this);
    this.personal = options.personal && new PersonalMatch(tools, this.findings, options.personal);
  }

  /** The first line; null = it cannot be read, or has not come. */
  get head(): ExportHead | null {
    return this.parts?.head ?? null;
  }

  /** Whether lines may stand where they do not belong. */
  get isOutOfOrder(): boolean {
    return OUT_OF_ORDER.some(kind => this.findings.has(kind));
  }

  /** Whether what was found may be less than it seems. */
  get mayTellTwice(): boolean {
    return MANY_OF_ONE.some(kind => this.findings.has(kind));
  }

  /** The next bytes of the file. @throws NotAnExportError. */
  push(block: Uint8Array): void {
    this.cutter.push(block);
  }

  /** No more bytes. @throws NotAnExportError. */
  finish(): IVerifyReport {
    const { parts, findings } = this;
    if (!parts || (parts.head === null && this.lines < 2)) {
      throw new NotAnExportError(this.lines > 0 || this.cutter.isTorn ? NO_HEAD : 'is empty.');
    }
    if (this.cutter.isTorn) {
      findings.add('cut-off', `The file ends in the middle of line ${this.numberOf(this.lines + 1)}.`);
    }
    const { head, signatures, records, digests } = parts;
    const { ending } = this;
    if (ending === null) {
      const where = records.last === null ? '' : ` after record ${records.last}`;
      findings.add('cut-off', `The file ends${where}, before its last line with hash and signature.`);
    }
    // Where nothing follows the records the file was cut off, and no record of the rest is missing by itself.
    const isCutOff = ending === null && this.digestLines === 0;
    records.finish(isCutOff ? null : (head?.endIndex ?? null));
    const isPutBack = this.options.putBack !== undefined;
    const counted = { records: records.count, digests: this.digestLines };
    const signed = ending && checkEnd(ending, head, counted, signatures, findings, isPutBack);
    const isLast = ending?.lines === this.lines - 1 && !this.cutter.isTorn;
    const covers = signed?.isOverAll && isLast ? (isPutBack ? 'put-back' : 'as-it-is') : 'no';
    return concluded({
      ...{ tools: this.tools, head, signatures, signer: signed?.key ?? null, covers },
      ...{ records, digests, findings },
      anchors: this.options.anchors,
      personal: this.personal?.finish() ?? null
    });
  }

  /** @internal */
  line(line: Uint8Array): void {
    this.lines += 1;
    if (this.parts === null) {
      this.begin(line);
      return;
    }
    if (this.lines === 2 && this.parts.head === null && !isOfAnExport(line)) {
      throw new NotAnExportError(NO_HEAD);
    }
    if (this.ending) {
      this.findings.add(
        'end',
        `Line ${this.numberOf(this.lines)} stands after the last one, where nothing belongs.`
      );
    }
    this.take(line, this.parts);
  }

  /** @internal */
  longLine(): void {
    this.lines += 1;
    if (this.parts === null || (this.lines === 2 && this.parts.head === null)) {
      throw new NotAnExportError(NO_HEAD);
    }
    this.findings.add('line', `Line ${this.numberOf(this.lines)} is longer than any line of an export.`);
  }

  /** Where a line stands in the file. */
  private numberOf(line: number): number {
    return this.options.putBack?.lineOf(line) ?? line;
  }

  private begin(line: Uint8Array): void {
    const text = this.tools.decode(line);
    const head = parseShape(ExportHead, text);
    if (head === null) {
      const other = /^\{"labkeeperExport":(\d{1,9}),/.exec(text)?.[1];
      const isKnown = [EXPORT_FORMAT, RETIRED_FORMAT].some(format => `${format}` === other);
      if (other !== undefined && !isKnown) {
        throw new NotAnExportError(
          `has format ${other}, and this Labkeeper reads formats ${EXPORT_FORMAT} and ${RETIRED_FORMAT}.`
        );
      }
      this.findings.add(
        'head',
        'The first line was altered: it cannot be read. No signature can be checked without it.'
      );
    }
    const { tools, findings, options } = this;
    const signatures = new Signatures(tools, head?.keys ?? []);
    for (const id of signatures.misnamed) {
      findings.add('head', `The key that the first line lists as ${id} is another one.`);
    }
    const records = new RecordPass(tools, findings, head, signatures, options, this.personal);
    const digests = new DigestChain(tools, signatures, records.roots, head, findings, {
      deleted: (first, end) => records.deletions.ranges.between(first, end),
      isMissing: (first, end) => records.places.tellsOf(first, end),
      altered: (first, end) => records.chains.altered(first, end),
      unvouched: (first, end) => records.chains.unvouched(first, end)
    });
    this.parts = { head, signatures, records, digests };
  }

  private take(line: Uint8Array, { records, digests }: IParts): void {
    if (isEntryLine(line)) {
      if (this.digestLines > 0) {
        this.findings.add(
          'line',
          `Line ${this.numberOf(this.lines)}: a record after the digests, where it does not belong.`
        );
      }
      if (records.take(line)) {
        return;
      }
    } else if (isGoneLine(line)) {
      if (this.digestLines === 0 && records.takeGone(line)) {
        return;
      }
    } else if (isRetireLine(line)) {
      // As with anchors.
      if (this.digestLines > 0 && parseShape(RetireLine, this.tools.decode(line))) {
        return;
      }
    } else if (isDigestLine(line)) {
      if (this.digestLines === 0) {
        records.settle();
      }
      this.digestLines += 1;
      if (digests.add(this.tools.decode(line))) {
        return;
      }
    } else if (isAnchorLine(line)) {
      // Whoever asked read them before: here it only counts that they can be read.
      if (this.digestLines > 0 && parseShape(AnchorLine, this.tools.decode(line))) {
        return;
      }
    } else if (isEndLine(line)) {
      this.ending = { text: this.tools.decode(line), sha256: this.cutter.hexBefore(), lines: this.lines - 1 };
      return;
    }
    const where = records.last === null ? '' : `, after record ${records.last},`;
    this.findings.add('line', `Line ${this.numberOf(this.lines)}${where} cannot be read.`);
  }

  private readonly findings: Findings;
  private readonly cutter: LineCutter;
  private readonly personal: PersonalMatch | null;
  private parts: IParts | null = null;
  private ending: IEnding | null = null;
  private lines = 0;
  private digestLines = 0;
}

/** Where the first line cannot be read, the second one tells whether this was an export. */
function isOfAnExport(line: Uint8Array): boolean {
  const isHead = new ByteReader(line).has(HEAD);
  return isHead || isEntryLine(line) || isGoneLine(line) || isDigestLine(line) || isEndLine(line);
}

function isEndLine(line: Uint8Array): boolean {
  return new ByteReader(line).has(END);
}

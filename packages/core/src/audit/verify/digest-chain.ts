import { DigestLine, parseShape, type ExportHead, type SignedDigest } from '@labkeeper/protocol';
import { canonicalJson } from '../canonical-json.js';
import { digestText } from '../digest.js';
import { NO_HASH } from '../sha256.js';
import type { DigestRoots } from './digest-roots.js';
import { recordsFrom, type Findings } from './findings.js';
import { hexOf } from './hex.js';
import type { Signatures } from './signatures.js';
import type { IVerifyTools } from './tools.js';
import type { IListed } from './verify-report.js';

/** A digest whose signature holds. */
export interface ICheckedDigest {
  readonly body: SignedDigest['body'];
  /** SHA-256 of its canonical JSON: what the next one names. */
  readonly hash: string;
  readonly key: string;
}

/** What is known of the records of an export. */
export interface IKnownRecords {
  /** How many of [first, end) retention deleted. */
  deleted(first: number, end: number): number;
  /** Whether it was told that one of [first, end) is missing. */
  isMissing(first: number, end: number): boolean;
  /** Which of [first, end) are known to be altered, by their index. */
  altered(first: number, end: number): IListed<number>;
  /** Which of [first, end) no later record of their stream vouches for, by their index; null = not known. */
  unvouched(first: number, end: number): IListed<number> | null;
}

const NOTHING_KNOWN: IKnownRecords = {
  deleted: () => 0,
  isMissing: () => false,
  altered: () => ({ count: 0, first: [] }),
  unvouched: () => null
};

/** What the digests of an export are like. */
export interface IDigestSummary {
  readonly count: number;
  /** All their records are in the export and are those that were signed. */
  readonly whole: number;
  /** Some of their records lie outside the range, or were not asked for. */
  readonly partial: number;
  /** All their records were deleted by retention: their signature and place are all that is left. */
  readonly gone: number;
  /** null = none. */
  readonly first: number | null;
  readonly last: number | null;
}

/** SHA-256 of a signed digest's canonical JSON, hexadecimal: what the next digest names as the one before it. */
export function digestHash(tools: Pick<IVerifyTools, 'sha256' | 'encode'>, digest: SignedDigest): string {
  return hexOf(tools.sha256(tools.encode(canonicalJson(digest))));
}

/** Checks the digests one after the other, as they stand in an export. */
export class DigestChain {
  /** @param head - null = it cannot be read. */
  constructor(
    private readonly tools: IVerifyTools,
    private readonly signatures: Signatures,
    private readonly roots: DigestRoots,
    private readonly head: ExportHead | null,
    private readonly findings: Findings,
    private readonly known: IKnownRecords = NOTHING_KNOWN
  ) {}

  /** Digests whose signature holds, by number. */
  readonly checked = new Map<number, ICheckedDigest>();
  /** Records that are proven because all records of their digest are here, by its number. */
  readonly wholeRecords = new Map<number, number>();

  /** @returns false when the line holds no digest. */
  add(line: string): boolean {
    const digest = parseShape(DigestLine, line)?.digest ?? null;
    if (!digest) {
      return false;
    }
    const { body, key, signature } = digest;
    const hash = digestHash(this.tools, digest);
    const holds = this.signatures.holds(key, digestText(body), signature);
    this.count += 1;
    if (this.head && body.log !== this.head.log) {
      this.tell(`Digest ${body.number} belongs to another log, ${body.log}.`);
    } else if (holds) {
      this.checked.set(body.number, { body, hash, key });
      this.compare(body);
    } else if (holds === false) {
      this.tell(`Digest ${body.number} was altered: its signature does not hold.`);
    } else if (this.head) {
      this.tell(`Digest ${body.number} is signed with key ${key}, which the first line does not list.`);
    }
    this.link(body);
    this.before = { body, hash };
    return true;
  }

  /** No more digests: do they reach as far as they should? */
  summary(): IDigestSummary {
    const { count, whole, partial, gone } = this;
    return {
      count,
      whole,
      partial,
      gone,
      first: this.firstNumber,
      last: this.before?.body.number ?? null
    };
  }

  /** Its place after the one before it. */
  private link(body: SignedDigest['body']): void {
    const { before, head } = this;
    if (before === null) {
      this.firstNumber = body.number;
      if (body.number === 0 && (body.previous !== NO_HASH || body.firstIndex !== 0)) {
        this.tell('Digest 0 is not the first of its log.');
      }
      if (head && body.number > 0 && body.firstIndex > head.firstIndex) {
        this.tell(
          `Missing: the digests before number ${body.number}, of ${recordsFrom(head.firstIndex, body.firstIndex)}.`
        );
      }
      return;
    }
    if (body.number !== before.body.number + 1) {
      this.tell(
        body.number > before.body.number
          ? `Missing between digests ${before.body.number} and ${body.number}: ${body.number - before.body.number - 1}.`
          : `Digest ${body.number} stands after number ${before.body.number}, where it does not belong.`
      );
    } else if (body.previous !== before.hash) {
      this.tell(`Digest ${before.body.number} is not the one that number ${body.number} was made after.`);
    } else if (body.firstIndex !== before.body.firstIndex + before.body.count) {
      this.tell(`Digest ${body.number} does not begin where number ${before.body.number} ends.`);
    }
  }

  private compare(body: SignedDigest['body']): void {
    const { number, firstIndex, count } = body;
    const end = firstIndex + count;
    const { head } = this;
    const isInside =
      head !== null && firstIndex >= head.firstIndex && end <= head.endIndex && head.filter === null;
    const outcome = this.roots.outcome(body);
    if (outcome === 'same') {
      this.whole += 1;
      const proven = count - this.known.deleted(firstIndex, end);
      // With a filter each record has its own proof, and is counted by that.
      if (proven > 0 && (head === null || head.filter === null)) {
        this.wholeRecords.set(number, proven);
      }
    } else if (outcome === 'gone') {
      this.gone += 1;
    } else if (outcome === 'differs') {
      this.tellDiffers(body);
    } else if (outcome === 'twice') {
      this.findings.add(
        'root',
        `Digest ${number} cannot be compared: another line says that it is that one, of other records.`,
        { index: firstIndex }
      );
    } else if (isInside && this.known.isMissing(firstIndex, end)) {
      // That is told: that it cannot be compared only follows.
      this.short += 1;
    } else if (isInside) {
      this.findings.add(
        'root',
        `Digest ${number} cannot be compared: not all of ${recordsFrom(firstIndex, end)} are there and in order.`,
        { index: firstIndex }
      );
    } else {
      this.partial += 1;
    }
  }

  private tellDiffers({ number, firstIndex, count }: SignedDigest['body']): void {
    const end = firstIndex + count;
    const which = recordsFrom(firstIndex, end);
    const altered = this.known.altered(firstIndex, end);
    const [index = firstIndex] = altered.first;
    const what =
      altered.count > 0
        ? `Digest ${number} does not hold for ${which}: ${named(altered)} ${altered.count === 1 ? 'is' : 'are'} not what it was signed over.`
        : `Altered: ${count === 1 ? `${which} is` : `one or more of ${which} are`} not what digest ${number} was signed over.${this.suspects(firstIndex, end)}`;
    this.findings.add('root', what, { index });
  }

  /** What is known where no record shows that it was altered. */
  private suspects(first: number, end: number): string {
    const suspects = this.known.unvouched(first, end);
    const note = 'what the service noted beside one of them (who, where, when it came)';
    if (suspects === null) {
      return end - first === 1 ? '' : ' Which one cannot be known.';
    }
    // Who makes a stream anew leaves no break in it.
    return suspects.count === 0
      ? ` What they say themselves is as the records after them hold it: if only one was changed, it is ${note}.`
      : ` The records after them hold what the others say: if only one was changed, it is ${suspects.count === 1 ? '' : 'one of '}${named(suspects)}, or ${note}.`;
  }

  private tell(what: string): void {
    this.findings.add('digest', what);
  }

  private before: Pick<ICheckedDigest, 'body' | 'hash'> | null = null;
  private firstNumber: number | null = null;
  private count = 0;
  private whole = 0;
  private partial = 0;
  private gone = 0;
  private short = 0;
}

/** `record 7`, `records 7 and 9`, `records 7, 9 and 12 more`. */
function named({ count, first }: IListed<number>): string {
  const shown = count > first.length ? first : first.slice(0, -1);
  const last = count > first.length ? `${count - first.length} more` : `${first.at(-1)}`;
  return shown.length === 0 ? `record ${last}` : `records ${shown.join(', ')} and ${last}`;
}

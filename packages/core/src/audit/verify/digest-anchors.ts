import type { ExportHead, SignedDigest } from '@labkeeper/protocol';
import { digestText } from '../digest.js';
import type { AnchorVerdict, IAnchorResult, IAnchors } from './anchors.js';
import { digestHash, type ICheckedDigest } from './digest-chain.js';
import type { Signatures } from './signatures.js';
import type { IVerifyTools } from './tools.js';

interface ICompared {
  readonly verdict: AnchorVerdict;
  readonly what: string;
  /** The first index that the anchor does not reach; null = it reaches none. */
  readonly end: number | null;
}

/** Digests that are held elsewhere, against those of the export. */
export class DigestAnchors {
  /**
   * @param head - of the export; null = it cannot be read.
   * @param checked - its digests whose signature holds, by number.
   * @param firstProven - number of the first digest that proves a record of the export; null = none does.
   */
  constructor(
    private readonly tools: IVerifyTools,
    private readonly signatures: Signatures,
    private readonly head: ExportHead | null,
    private readonly checked: ReadonlyMap<number, ICheckedDigest>,
    private readonly firstProven: number | null
  ) {}

  /** The first index that no anchor reaches; null = none reaches any. */
  get end(): number | null {
    return this.reached;
  }

  /** One result for each file: that of its first digest that contradicts, or else of the one that reaches furthest. */
  results(anchors: IAnchors['digests']): readonly IAnchorResult[] {
    return anchors.map(({ name, digests }) => {
      const all = digests.map(digest => this.compare(digest));
      const worst = (verdict: AnchorVerdict): ICompared | undefined =>
        all
          .filter(one => one.verdict === verdict)
          .sort((one, other) => (other.end ?? -1) - (one.end ?? -1))[0];
      const result = worst('contradicts') ?? worst('not-genuine') ?? worst('fits') ?? worst('outside');
      if (result?.verdict === 'fits' && result.end !== null) {
        this.reached = Math.max(this.reached ?? 0, result.end);
      }
      return {
        kind: 'digest',
        name,
        verdict: result?.verdict ?? 'outside',
        what: result?.what ?? 'There is no digest in it.'
      };
    });
  }

  private compare(digest: SignedDigest): ICompared {
    const { body, key, signature } = digest;
    const holds = this.signatures.holds(key, digestText(body), signature);
    if (holds === false) {
      const what = `Digest ${body.number} in it was altered: the signature with key ${key} does not hold. It proves nothing.`;
      return { verdict: 'not-genuine', what, end: null };
    }
    const compared = this.compareContent(digest);
    if (holds) {
      return compared;
    }
    const unknown = `The export does not list its key, ${key}: keys of the log were left out, or it is of another service.`;
    return {
      verdict: compared.verdict === 'fits' ? 'not-genuine' : compared.verdict,
      what: `${compared.what} ${unknown}`,
      end: null
    };
  }

  private compareContent(digest: SignedDigest): ICompared {
    const { body } = digest;
    if (this.head && body.log !== this.head.log) {
      const what = `Digest ${body.number} in it is of log ${body.log}, the export of log ${this.head.log}: another log, or one that was begun anew.`;
      return { verdict: 'contradicts', what, end: null };
    }
    const hash = digestHash(this.tools, digest);
    const [before, same, after] = [-1, 0, 1].map(step => this.checked.get(body.number + step));
    if (same && same.hash !== hash) {
      return {
        verdict: 'contradicts',
        what: `Digest ${body.number} in it is not digest ${body.number} of the export.`,
        end: null
      };
    }
    if (before && before.hash !== body.previous) {
      const what = `Digest ${body.number} in it was made after another digest ${body.number - 1} than that of the export.`;
      return { verdict: 'contradicts', what, end: null };
    }
    if (after && after.body.previous !== hash) {
      const what = `Digest ${body.number + 1} of the export was made after another digest ${body.number} than the one in it.`;
      return { verdict: 'contradicts', what, end: null };
    }
    if (!same && this.isInRange(body)) {
      const what = `Digest ${body.number} in it covers records of this range, and the export does not have it, or not as it was signed.`;
      return { verdict: 'contradicts', what, end: null };
    }
    const anchored = same ?? before;
    if (anchored && (this.firstProven === null || anchored.body.number < this.firstProven)) {
      const what = `Digest ${anchored.body.number} is the same in both, but the export has no record that it or an earlier one proves.`;
      return { verdict: 'outside', what, end: null };
    }
    if (anchored) {
      const end = anchored.body.firstIndex + anchored.body.count;
      const what = `Every record before index ${end} that a digest proves is as digest ${body.number} in it says.`;
      return { verdict: 'fits', what, end };
    }
    return {
      verdict: 'outside',
      what: after
        ? `The export goes on from digest ${body.number} in it, and has nothing that it is about.`
        : `The export has neither digest ${body.number} nor one beside it.`,
      end: null
    };
  }

  /** An export has every digest that covers a record of its range. */
  private isInRange({ firstIndex, count }: SignedDigest['body']): boolean {
    const { head } = this;
    return head !== null && firstIndex < head.endIndex && firstIndex + count > head.firstIndex;
  }

  private reached: number | null = null;
}

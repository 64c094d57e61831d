/** What kind of thing was found. */
export type FindingKind =
  /** The first line. */
  | 'head'
  /** The last line: hash, signature, or what it says about the rest. */
  | 'end'
  /** The file stops before its last line. */
  | 'cut-off'
  /** A line cannot be read, or does not belong where it stands. */
  | 'line'
  /** Records are not in the order of the log. */
  | 'order'
  /** Records of the range are not there. */
  | 'missing'
  /** A record cannot be read, or contradicts its own entry. */
  | 'record'
  /** A stream's chain does not hold. */
  | 'chain'
  /** A digest's signature, number or predecessor. */
  | 'digest'
  /** A digest's records are not those that were signed. */
  | 'root'
  /** An act of retention does not hold, or excuses what it may not. */
  | 'retired'
  /** A record's own proof does not lead to its digest. */
  | 'proof'
  /** Not the key that was pinned. */
  | 'key'
  /** An earlier receipt or digest says something else. */
  | 'anchor'
  /** A personal part is not the one that its record was made with. */
  | 'personal';

/** Something that is not as it should be, and where. */
export interface IVerifyFinding {
  readonly kind: FindingKind;
  /** One or two sentences. */
  readonly what: string;
  /** In the log; null = it is about no record, or about many. */
  readonly index: number | null;
  /** null = about none. */
  readonly stream: string | null;
}

/** So many are kept; of the others it is known how many there are. */
const KEPT = 500;

/** Everything that was found, in order of its finding. */
export class Findings {
  /** @param before - what is known already. */
  constructor(before: readonly IVerifyFinding[] = []) {
    for (const finding of before) {
      this.take(finding);
    }
  }

  /** At most so many as fit a report. */
  get list(): readonly IVerifyFinding[] {
    return this.kept;
  }

  /** All, those that were not kept too. */
  get count(): number {
    return this.number;
  }

  /** Whether nothing but this kind was found. */
  isOnly(kind: FindingKind): boolean {
    return this.number > 0 && this.kinds.size === 1 && this.kinds.has(kind);
  }

  has(kind: FindingKind): boolean {
    return this.kinds.has(kind);
  }

  add(kind: FindingKind, what: string, at: { readonly index?: number; readonly stream?: string } = {}): void {
    this.take({ kind, what, index: at.index ?? null, stream: at.stream ?? null });
  }

  private take(finding: IVerifyFinding): void {
    this.number += 1;
    this.kinds.add(finding.kind);
    if (this.kept.length < KEPT) {
      this.kept.push(finding);
    }
  }

  private readonly kept: IVerifyFinding[] = [];
  private readonly kinds = new Set<FindingKind>();
  private number = 0;
}

/** `record 7`, `records 7 to 9`, or `no record`. @param end - the first that no longer belongs to them. */
export function recordsFrom(first: number, end: number): string {
  if (end <= first) {
    return 'no record';
  }
  return end - first === 1 ? `record ${first}` : `records ${first} to ${end - 1}`;
}

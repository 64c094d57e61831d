import type { ExportHead } from '@labkeeper/protocol';
import type { AnchorVerdict, IAnchorResult, IAnchors, IAnchoredRange, IHeldStatement } from './anchors.js';
import type { ICheckedDigest } from './digest-chain.js';
import type { Findings } from './findings.js';
import { CLOCK_MS } from './received-times.js';

/** A digest that was anchored later than this after it was closed is not anchored in time, in ms. */
export const IN_TIME_MS = 24 * 3_600_000;

interface ICompared {
  readonly statement: IHeldStatement;
  readonly verdict: AnchorVerdict;
  readonly what: string;
  readonly digest: ICheckedDigest | null;
}

/** What witnesses, timestamp authorities and write-once directories hold, against the digests of an export. */
export class StatementAnchors {
  /** @param receivedMs - when the earliest record of a digest came, by its number; not known = its records are not here. */
  constructor(
    private readonly head: ExportHead | null,
    private readonly checked: ReadonlyMap<number, ICheckedDigest>,
    private readonly receivedMs: ReadonlyMap<number, number>,
    private readonly findings: Findings
  ) {
    // Not spread into Math.min: a log of years has more digests than a call has room for.
    for (const number of checked.keys()) {
      this.least = Math.min(this.least, number);
      this.greatest = Math.max(this.greatest, number);
    }
  }

  /** Ranges that are held, one for each holder. */
  readonly ranges: IAnchoredRange[] = [];

  /** The first index that no holder reaches; null = none reaches any. */
  get end(): number | null {
    return this.ranges.reduce<number | null>((end, range) => Math.max(end ?? 0, range.endIndex), null);
  }

  /** One result for each holder and file, and one for each that is pinned and says nothing. */
  results(anchors: Pick<IAnchors, 'statements' | 'pinned' | 'isPart'>): readonly IAnchorResult[] {
    const statements = anchors.statements ?? [];
    const groups = new Map<string, IHeldStatement[]>();
    for (const statement of statements) {
      const key = JSON.stringify([statement.kind, statement.holder, statement.name]);
      const group = groups.get(key);
      if (group) {
        group.push(statement);
      } else {
        groups.set(key, [statement]);
      }
    }
    const results = [...groups.values()].flatMap(group => this.group(group, anchors.isPart ?? false));
    const absent = (anchors.pinned ?? [])
      .filter(({ kind, fits }) => !statements.some(one => one.kind === kind && fits(one)))
      .map(({ kind, name }) => ({
        ...{ kind, name, verdict: 'absent' as const },
        what: 'It is pinned, and nothing that it said is here: the log was not anchored there, or what it said was left out.'
      }));
    return [...results, ...absent];
  }

  private group(statements: readonly IHeldStatement[], isPart: boolean): readonly IAnchorResult[] {
    const all = statements.map(statement => this.compare(statement));
    const [first] = all;
    if (!first) {
      return [];
    }
    const { kind, holder, name } = first.statement;
    const label = name === null ? holder : `${holder} (${name})`;
    const worst = (['contradicts', 'not-genuine'] as const)
      .map(verdict => all.find(one => one.verdict === verdict))
      .find(one => one !== undefined);
    if (worst) {
      return [{ kind, name: label, verdict: worst.verdict, what: worst.what }];
    }
    const beyond = all.find(one => one.verdict === 'outside' && this.isBeyond(one.statement));
    if (beyond && !isPart) {
      this.findings.add(
        'cut-off',
        `The log goes on: ${label} holds digest ${beyond.statement.number}, from before this export was made, and the export ends before that. For a part of the log give --part.`
      );
    }
    const late = all.find(({ verdict }) => verdict === 'late');
    const fitting = all.filter(({ verdict }) => verdict === 'fits');
    const range = this.rangeOf(fitting);
    if (range) {
      this.ranges.push(range);
    }
    return [
      ...(range ? [{ kind, name: label, verdict: 'fits' as const, what: rangeText(range) }] : []),
      ...(late ? [{ kind, name: label, verdict: 'late' as const, what: late.what }] : []),
      ...(range || late ? [] : [{ kind, name: label, verdict: 'outside' as const, what: first.what }])
    ];
  }

  private compare(statement: IHeldStatement): ICompared {
    const { number, sha256, log, atMs, trouble } = statement;
    const digest = this.checked.get(number) ?? null;
    const said = (verdict: AnchorVerdict, what: string): ICompared => ({ statement, verdict, what, digest });
    if (trouble !== null) {
      return said('not-genuine', `What it says of digest ${number} proves nothing: ${trouble}`);
    }
    if (this.head && log !== null && log !== this.head.log) {
      return said('contradicts', `It is of log ${log}, the export of log ${this.head.log}.`);
    }
    if (digest === null) {
      const isInside = number >= this.least && number <= this.greatest;
      return isInside || statement.name === null
        ? said(
            'contradicts',
            `It holds digest ${number}, and the export does not have it, or not as it was signed.`
          )
        : said('outside', `It holds digest ${number}, which the export does not reach.`);
    }
    if (digest.hash !== sha256) {
      return said('contradicts', `It holds another digest ${number} than that of the export.`);
    }
    const { closedAtMs } = digest.body;
    if (statement.kind === 'directory') {
      return said('fits', '');
    }
    if (atMs < closedAtMs - CLOCK_MS) {
      return said('contradicts', `It saw digest ${number} before the time at which that says it was closed.`);
    }
    const sinceMs = Math.min(closedAtMs, this.receivedMs.get(number) ?? closedAtMs);
    if (atMs - sinceMs > IN_TIME_MS) {
      const hours = Math.floor((atMs - sinceMs) / 3_600_000);
      return said(
        'late',
        `It saw digest ${number} only ${hours} hours after the earliest record of it came: until then it could have been made anew.`
      );
    }
    return said('fits', '');
  }

  /** The export was made when the log reached further. */
  private isBeyond({ number, endIndex, atMs }: IHeldStatement): boolean {
    const { head } = this;
    return (
      head !== null &&
      number > this.greatest &&
      atMs <= head.createdAtMs + CLOCK_MS &&
      (endIndex === null || endIndex > head.endIndex)
    );
  }

  private rangeOf(fitting: readonly ICompared[]): IAnchoredRange | null {
    const [first] = fitting;
    if (!first) {
      return null;
    }
    const numbers = fitting.map(({ statement }) => statement.number);
    const times = fitting.map(({ statement }) => statement.atMs);
    const extent = (values: readonly number[]): readonly [number, number] =>
      values.reduce<readonly [number, number]>(
        ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
        [Infinity, -Infinity]
      );
    const [firstNumber, lastNumber] = extent(numbers);
    const [fromMs, toMs] = extent(times);
    const [, endIndex] = extent(
      fitting.map(({ digest }) => (digest ? digest.body.firstIndex + digest.body.count : 0))
    );
    const { kind, holder, name } = first.statement;
    return {
      ...{ kind, holder, name, firstNumber, lastNumber, endIndex, fromMs, toMs },
      count: fitting.length
    };
  }

  /** Numbers of the digests that are here. */
  private least = Infinity;
  private greatest = -1;
}

function rangeText({ firstNumber, lastNumber, endIndex, count }: IAnchoredRange): string {
  const digests =
    count === 1 ? `digest ${lastNumber}` : `${count} digests, from ${firstNumber} to ${lastNumber}`;
  return `It holds ${digests}, as in the export: every record before index ${endIndex} that a digest proves.`;
}

import type { ExportHead } from '@labkeeper/protocol';
import type { IAnchors } from './anchors.js';
import { announcedDigests } from './announced-digests.js';
import { announcedRetirements } from './announced-retirements.js';
import { Disorder, type IDisorder, type IDisorderOptions } from './disorder.js';
import type { IExportSource } from './export-source.js';
import { ExportVerifier, type IVerifyOptions } from './export-verifier.js';
import { lineStretches, placeOf, type ILinePart, type IStretch, type IStretches } from './line-stretches.js';
import type { NextLine } from './personal-match.js';
import { placeWords } from './place-words.js';
import { isSamePart, PutBackFile } from './put-back.js';
import { rankedIndexes, rankedPlace } from './ranks.js';
import type { IVerifyTools } from './tools.js';
import type { IVerifyReport } from './verify-report.js';

/** What an export is held against. */
export interface IHeldAgainst {
  readonly anchors: IAnchors;
  /** Its personal parts, from the first one; null = there is no file with them. */
  readonly personal: (() => NextLine) | null;
}

/**
 * Verifies an export that can be read again. Where its lines are not in order it is looked through a second time, told which
 * lines were moved, swapped, turned round or put in twice, and verified with each of them where it belongs: so that one act is
 * told once, and not by everything that follows from it.
 *
 * @throws NotAnExportError.
 */
export function verifyExport(source: IExportSource, tools: IVerifyTools, held: IHeldAgainst): IVerifyReport {
  const pass = (
    blocks: Iterable<Uint8Array>,
    announced: Pick<IVerifyOptions, 'digests' | 'retirements'>,
    putBack?: IVerifyOptions['putBack']
  ): { readonly verifier: ExportVerifier; readonly report: IVerifyReport } => {
    const personal = held.personal?.() ?? null;
    const verifier = new ExportVerifier(tools, {
      ...{ ...announced, anchors: held.anchors, personal },
      ...(putBack ? { putBack } : {})
    });
    for (const block of blocks) {
      verifier.push(block);
    }
    return { verifier, report: verifier.finish() };
  };
  const { verifier, report } = pass(source.blocks(), {
    digests: announcedDigests(source.linesBackwards(), tools),
    retirements: announcedRetirements(source.linesBackwards(), tools)
  });
  if (!verifier.isOutOfOrder) {
    return report;
  }
  const found = foundIn(source, tools, verifier.head);
  if (found === null) {
    return verifier.mayTellTwice ? notToldApart(report) : report;
  }
  const { stretches, disorder } = found;
  const putBack = (of: IDisorder): IVerifyReport => {
    const file = new PutBackFile(source, tools, stretches, of);
    const announced = {
      digests: announcedDigests(file.announcing(), tools),
      retirements: announcedRetirements(file.announcing(), tools)
    };
    return pass(file.blocks(), announced, { acts: of.acts, lineOf: line => file.lineOf(line) }).report;
  };
  const earlier = disorder(false);
  if (earlier === null) {
    return report;
  }
  const first = putBack(earlier);
  const later = earlier.hasChoice && first.covers === 'no' ? disorder(true) : null;
  const other = later && putBack(later);
  // Which of two lines was signed: those with which less is wrong.
  return other && other.findings.count < first.findings.count ? other : first;
}

type Range = NonNullable<IDisorderOptions['range']>;

interface IFound {
  readonly stretches: IStretches;
  readonly disorder: (prefersLater: boolean) => IDisorder | null;
}

function foundIn(source: IExportSource, tools: IVerifyTools, head: ExportHead | null): IFound | null {
  const byIndex = placeOf(tools);
  const isWhole = head !== null && head.filter === null;
  const ranked = isWhole ? null : rankedIndexes(source.blocks(), byIndex);
  if (!isWhole && ranked === null) {
    return null;
  }
  const place = ranked === null ? byIndex : rankedPlace(byIndex, ranked);
  const range = isWhole ? { first: head.firstIndex, end: head.endIndex } : null;
  const once = lineStretches(source.blocks(), place);
  const cuts = once && cutsOf(once.list, range);
  const stretches = cuts && cuts.size > 0 ? lineStretches(source.blocks(), place, cuts) : once;
  if (stretches === null) {
    return null;
  }
  const options = {
    ...{ stretches: stretches.list, tail: stretches.tail, range, words: placeWords(ranked) },
    isSame: (one: ILinePart, other: ILinePart) => isSamePart(source, one, other)
  };
  return { stretches, disorder: prefersLater => new Disorder({ ...options, prefersLater }).found() };
}

/** Where stretches have to be cut, so that any two have all of their places in common, or none, and each is in the range or outside. */
function cutsOf(stretches: readonly IStretch[], range: Range | null): ReadonlySet<number> {
  const sorted = [...stretches].sort((one, other) => one.first - other.first || other.end - one.end);
  const cuts = new Set<number>();
  let reach = sorted[0];
  for (const stretch of sorted.slice(1)) {
    if (reach && stretch.first < reach.end) {
      [stretch.first, stretch.end, reach.first, reach.end].forEach(cut => cuts.add(cut));
    }
    reach = reach && reach.end > stretch.end ? reach : stretch;
  }
  for (const end of range ? [range.first, range.end] : []) {
    if (stretches.some(stretch => stretch.first < end && end < stretch.end)) {
      cuts.add(end);
    }
  }
  return cuts;
}

/** No line can be put back: then what was found is all that can be said. */
function notToldApart(report: IVerifyReport): IVerifyReport {
  const { count, first } = report.findings;
  const what =
    'Which lines were moved was not told apart: one act can be told more than once below, a line that stands elsewhere as missing, and what only follows from it.';
  return {
    ...report,
    findings: { count: count + 1, first: [{ kind: 'order', what, index: null, stream: null }, ...first] }
  };
}

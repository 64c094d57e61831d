import type { ExportHead, SignedDigest } from '@labkeeper/protocol';
import type { IAnchors } from './anchors.js';
import { announcedDigests } from './announced-digests.js';
import { announcedRetirements } from './announced-retirements.js';
import { Disorder } from './disorder.js';
import type { IExportSource } from './export-source.js';
import { ExportVerifier, type IVerifyOptions } from './export-verifier.js';
import { lineStretches, placeOf, type IStretch, type IStretches } from './line-stretches.js';
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
  const retirements = announcedRetirements(source.linesBackwards(), tools);
  const pass = (
    blocks: Iterable<Uint8Array>,
    digests: readonly SignedDigest[],
    putBack?: IVerifyOptions['putBack']
  ): { readonly verifier: ExportVerifier; readonly report: IVerifyReport } => {
    const personal = held.personal?.() ?? null;
    const verifier = new ExportVerifier(tools, {
      ...{ digests, retirements, anchors: held.anchors, personal },
      ...(putBack ? { putBack } : {})
    });
    for (const block of blocks) {
      verifier.push(block);
    }
    return { verifier, report: verifier.finish() };
  };
  const { verifier, report } = pass(source.blocks(), announcedDigests(source.linesBackwards(), tools));
  if (!verifier.isOutOfOrder) {
    return report;
  }
  const digests = new Map<number, SignedDigest>();
  const found = foundIn(source, tools, verifier.head, digests);
  if (found === null) {
    return report.findings.first.some(({ kind }) => kind === 'order') ? hopeless(report) : report;
  }
  const { stretches, disorder } = found;
  if (disorder === null) {
    return report;
  }
  const file = new PutBackFile(source, tools, stretches, disorder);
  return pass(file.blocks(), [...digests.values()], {
    acts: disorder.acts,
    lineOf: line => file.lineOf(line)
  }).report;
}

function foundIn(
  source: IExportSource,
  tools: IVerifyTools,
  head: ExportHead | null,
  digests: Map<number, SignedDigest>
): { readonly stretches: IStretches; readonly disorder: ReturnType<Disorder['found']> } | null {
  const byIndex = placeOf(tools, digests);
  const isWhole = head !== null && head.filter === null;
  const ranked = isWhole ? null : rankedIndexes(source.blocks(), byIndex);
  if (!isWhole && ranked === null) {
    return null;
  }
  const place = ranked === null ? byIndex : rankedPlace(byIndex, ranked);
  const once = lineStretches(source.blocks(), place);
  const cuts = once && cutsOf(once.list);
  const stretches = cuts && cuts.size > 0 ? lineStretches(source.blocks(), place, cuts) : once;
  if (stretches === null) {
    return null;
  }
  const disorder = new Disorder({
    stretches: stretches.list,
    range: isWhole ? { first: head.firstIndex, end: head.endIndex } : null,
    words: placeWords(ranked),
    isSame: (one, other) => isSamePart(source, one, other)
  }).found();
  return { stretches, disorder };
}

/** Where stretches have to be cut, so that any two have all of their places in common, or none. */
function cutsOf(stretches: readonly IStretch[]): ReadonlySet<number> {
  const sorted = [...stretches].sort((one, other) => one.first - other.first || other.end - one.end);
  const cuts = new Set<number>();
  let reach = sorted[0];
  for (const stretch of sorted.slice(1)) {
    if (reach && stretch.first < reach.end) {
      [stretch.first, stretch.end, reach.first, reach.end].forEach(cut => cuts.add(cut));
    }
    reach = reach && reach.end > stretch.end ? reach : stretch;
  }
  return cuts;
}

/** No line can be put back: then what was found is all that can be said. */
function hopeless(report: IVerifyReport): IVerifyReport {
  const { count, first } = report.findings;
  const what =
    'Lines stand in no order that could be told, so that one act can be told more than once below, and by what only follows from it.';
  return {
    ...report,
    findings: { count: count + 1, first: [{ kind: 'order', what, index: null, stream: null }, ...first] }
  };
}

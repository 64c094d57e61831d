import type { ExportHead } from '@labkeeper/protocol';
import { keysAfter } from '../keys-after.js';
import type { IAnchorResult, IAnchors } from './anchors.js';
import { DigestAnchors } from './digest-anchors.js';
import type { DigestChain } from './digest-chain.js';
import type { FindingKind, Findings } from './findings.js';
import type { IPersonalSummary } from './personal-match.js';
import type { RecordPass } from './record-pass.js';
import type { Signatures } from './signatures.js';
import { StatementAnchors } from './statement-anchors.js';
import type { IVerifyTools } from './tools.js';
import type { ISigner, IVerifyReport, VerifyOutcome } from './verify-report.js';

/** These show that more was done than taking records away: what is left beside a hole then tells nothing of it. */
const BEYOND_LESS: readonly FindingKind[] = ['line', 'order', 'record'];

/** Everything that is known when the last byte has passed. */
export interface IPassed {
  readonly tools: IVerifyTools;
  readonly head: ExportHead | null;
  readonly signatures: Signatures;
  /** Id of the key whose signature over the whole holds; null = there is none. */
  readonly signer: string | null;
  readonly covers: IVerifyReport['covers'];
  readonly records: RecordPass;
  readonly digests: DigestChain;
  readonly findings: Findings;
  readonly anchors: IAnchors;
  readonly personal: IPersonalSummary | null;
}

/** Holds the anchors against what has passed, and says what the export is. */
export function concluded(passed: IPassed): IVerifyReport {
  const { head, records, digests, findings } = passed;
  const range = head !== null && head.filter === null ? head : null;
  const byProof = [...records.provenBy].filter(([number]) => digests.checked.has(number));
  const proving = [...byProof, ...digests.wholeRecords];
  const digestAnchors = new DigestAnchors(
    passed.tools,
    passed.signatures,
    head,
    digests.checked,
    proving.reduce<number | null>((first, [number]) => Math.min(first ?? number, number), null)
  );
  const statements = new StatementAnchors(head, digests.checked, records.times.earliest, findings);
  const history = [
    ...records.receipts.results(passed.signatures, range, index => records.deletions.excuses(index, 1)),
    ...digestAnchors.results(passed.anchors.digests),
    ...statements.results(passed.anchors),
    ...records.times.results()
  ];
  const signer = signerOf(passed);
  const anchors = [...keyResults(passed.anchors.fingerprints, signer), ...history];
  for (const { kind, name, verdict, what } of anchors) {
    if (verdict === 'contradicts') {
      findings.add(kind === 'key' ? 'key' : 'anchor', kind === 'key' ? what : `${name}: ${what}`);
    }
  }
  const anchoredEnd = latest(digestAnchors.end, statements.end);
  const { gaps, unreadable } = records.notable.summary();
  const digestSummary = digests.summary();
  return {
    outcome: outcomeOf(passed, anchoredEnd, history),
    isAnchored: history.some(({ verdict }) => verdict === 'fits'),
    anchoredEnd,
    anchored: statements.ranges,
    anchors,
    findings: { count: findings.count, first: findings.list },
    about: head && aboutOf(head),
    signer,
    covers: passed.covers,
    records: records.count,
    proven: proving.reduce((sum, [, count]) => sum + count, 0),
    streams: records.chains.summary(),
    digests: digestSummary,
    deleted: records.deletions.summary(),
    missing: records.places.summary(!BEYOND_LESS.some(kind => findings.has(kind))),
    unreadable,
    gaps,
    personal: passed.personal
  };
}

function outcomeOf(
  { findings, head, records }: IPassed,
  anchoredEnd: number | null,
  history: readonly IAnchorResult[]
): VerifyOutcome {
  if (findings.count > 0) {
    return findings.isOnly('cut-off') ? 'incomplete' : 'altered';
  }
  const isDoubtful = history.some(({ verdict }) => verdict === 'late' || verdict === 'absent');
  // Whoever re-makes history leaves what is held as it is, and goes on from there: so all of the range has to be held.
  const isHeld = anchoredEnd !== null && head !== null && anchoredEnd >= head.endIndex;
  // An act that is not in the export can have been signed at any time. With a filter it excuses nothing.
  const isExcused = head?.filter !== null || records.deletions.isAllInLog;
  return isHeld && !isDoubtful && isExcused ? 'whole' : 'consistent';
}

function latest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function aboutOf({ log, createdAtMs, filter, firstIndex, endIndex }: ExportHead): IVerifyReport['about'] {
  return { log, createdAtMs, filter, firstIndex, endIndex };
}

function signerOf({ signer, signatures, anchors, head, tools }: IPassed): ISigner | null {
  const fingerprint = signer === null ? null : signatures.fingerprint(signer);
  if (signer === null || fingerprint === null) {
    return null;
  }
  const { fingerprints } = anchors;
  const trusted = keysAfter(fingerprints, head?.rotations ?? [], head?.log ?? '', tools);
  return {
    id: signer,
    fingerprint,
    isPinned: fingerprints.length === 0 ? null : trusted.has(fingerprint)
  };
}

/** The pinned keys say who signed; that history was not re-made, they do not say. */
function keyResults(fingerprints: readonly string[], signer: ISigner | null): readonly IAnchorResult[] {
  if (fingerprints.length === 0) {
    return [];
  }
  const name = fingerprints.join(', ');
  if (signer === null) {
    return [
      { kind: 'key', name, verdict: 'outside', what: 'There is no signature over the export that holds.' }
    ];
  }
  return [
    signer.isPinned
      ? { kind: 'key', name, verdict: 'fits', what: 'The export is signed with the pinned key.' }
      : {
          kind: 'key',
          name,
          verdict: 'contradicts',
          what: `The export is signed with another key than the pinned one: ${signer.fingerprint}.`
        }
  ];
}

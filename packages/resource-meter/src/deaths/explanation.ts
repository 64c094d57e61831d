import type { Advice, Death, Notice, Verdict } from '@labkeeper/protocol';
import type { Speech } from './speech.js';
import { adviceSentence } from './words/advice.js';
import { headline, type IHeadlineFacts, limitOf } from './words/headline.js';
import { consequence, deathLead, noticeConsequence, noticeLead } from './words/lead.js';
import { doubt, memoryAnswer } from './words/memory-answer.js';
import { proofOf } from './words/proof-of.js';
import { proofSentence } from './words/proof.js';

/** What the page itself knows about the cell that ran. */
export interface ICellFacts {
  /** The number in the prompt; null = the kernel did not say. */
  readonly executionCount: number | null;
  readonly ranForMs: number;
}

/** Something that a button of the dialog can do. */
export type ExplanationAction =
  | { readonly kind: 'shut-down'; readonly kernelId: string; readonly title: string; readonly bytes: number }
  | { readonly kind: 'interrupt'; readonly kernelId: string; readonly title: string }
  | { readonly kind: 'start' };

/** One line of "How we know". `isCell`: a click leads to the cell that ran. */
export interface IProofLine {
  readonly text: string;
  readonly isCell: boolean;
}

/** Everything that the dialog shows, in words. */
export interface IExplanation {
  readonly headline: string;
  readonly lead: string;
  /** Changes while the dialog is open, so it is announced. */
  readonly consequence: string;
  readonly proofs: readonly IProofLine[];
  readonly advice: readonly string[];
  /** The last minute of memory, oldest first; empty = not known. */
  readonly recentBytes: readonly number[];
  readonly limitBytes: number | null;
  readonly actions: readonly ExplanationAction[];
}

/**
 * A death in words.
 *
 * @param cell - the cell that ran, where the page saw it.
 * @param canStart - whether the page has an open document in which a kernel can be started.
 */
export function explainDeath(
  death: Death,
  cell: ICellFacts | null,
  canStart: boolean,
  speech: Speech
): IExplanation {
  const { verdict, evidence } = death;
  const facts: IHeadlineFacts = { verdict, evidence, kernels: [] };
  const proofs = explainProofs(facts, cell, evidence.busyForMs, speech);
  const ended = death.consequence === 'gave-up' || death.consequence === 'none';
  return {
    headline: headline(facts, speech),
    lead: deathLead(death, speech),
    consequence: consequence(death, speech),
    proofs,
    advice: adviceLines(verdict, speech),
    recentBytes: evidence.recentBytes,
    limitBytes: limitOf(facts),
    actions: [
      ...(ended && canStart && !evidence.fromFlightRecorder ? [{ kind: 'start' } as const] : []),
      ...verdict.advice.flatMap(advice => actionOf(advice, evidence.kernel.title))
    ]
  };
}

/** A notice in words. */
export function explainNotice(notice: Notice, speech: Speech): IExplanation {
  const { verdict } = notice;
  const facts: IHeadlineFacts = { verdict, evidence: null, kernels: notice.kernels };
  return {
    headline: headline(facts, speech),
    lead: noticeLead(notice, speech),
    consequence: noticeConsequence(notice, speech),
    proofs: explainProofs(facts, null, null, speech),
    advice: adviceLines(verdict, speech),
    recentBytes: [],
    limitBytes: limitOf(facts),
    actions: notice.over
      ? []
      : verdict.advice.flatMap(advice => {
          const kernelId = advice.kind === 'interrupt-kernel' ? advice.kernelId : null;
          const title = notice.kernels.find(kernel => kernel.kernelId === kernelId)?.title;
          return actionOf(advice, title ?? notice.kernels[0]?.title ?? '');
        })
  };
}

/** One line for a list of events: a death with the name of what died. */
export function eventLine(event: Death | Notice, speech: Speech): string {
  const line = eventHeadline(event, speech);
  return isDeath(event) ? speech.trans.__('%1 died. %2', event.evidence.kernel.title, line) : line;
}

/** The cause in a few words, of a death or a notice. */
export function eventHeadline(event: Death | Notice, speech: Speech): string {
  return isDeath(event)
    ? headline({ verdict: event.verdict, evidence: event.evidence, kernels: [] }, speech)
    : headline({ verdict: event.verdict, evidence: null, kernels: event.kernels }, speech);
}

/** Whether an event is a death, not a notice. */
export function isDeath(event: Death | Notice): event is Death {
  return 'evidence' in event;
}

function explainProofs(
  facts: IHeadlineFacts,
  cell: ICellFacts | null,
  busyForMs: number | null,
  speech: Speech
): IProofLine[] {
  const lines: IProofLine[] = [];
  const say = (text: string | null, isCell = false): void => {
    if (text !== null) {
      lines.push({ text, isCell });
    }
  };
  say(memoryAnswer(facts, speech));
  const first = proofOf(facts.verdict, 'ended-first');
  if (first !== null) {
    const ended = { ...facts, verdict: { ...facts.verdict, cause: first.cause } };
    say(speech.trans.__('What ended the kernel first: %1.', headline(ended, speech)));
  }
  for (const proof of facts.verdict.proofs) {
    // The page knows which cell it was, so the cell's own sentence below replaces this one.
    if (cell === null || (proof.kind !== 'busy' && proof.kind !== 'was-idle')) {
      say(proofSentence(proof, speech));
    }
  }
  if (cell !== null) {
    // The kernel's busy time also ends at the true moment of the death, of which the page may hear seconds later.
    say(cellSentence(cell, Math.min(cell.ranForMs, busyForMs ?? Infinity), speech), true);
  }
  say(doubt(facts, speech));
  return lines;
}

function cellSentence(cell: ICellFacts, ranForMs: number, { trans, quantities }: Speech): string {
  const duration = quantities.exactDuration(ranForMs);
  return cell.executionCount === null
    ? trans.__('The marked cell had run for %1.', duration)
    : trans.__('Cell [%1] had run for %2.', cell.executionCount, duration);
}

function adviceLines(verdict: Verdict, speech: Speech): string[] {
  return verdict.advice.flatMap(advice => adviceSentence(advice, speech) ?? []);
}

function actionOf(advice: Advice, title: string): ExplanationAction[] {
  switch (advice.kind) {
    case 'free-kernel':
      return [{ kind: 'shut-down', kernelId: advice.kernelId, title: advice.title, bytes: advice.bytes }];
    case 'interrupt-kernel':
      return [{ kind: 'interrupt', kernelId: advice.kernelId, title }];
    default:
      return [];
  }
}

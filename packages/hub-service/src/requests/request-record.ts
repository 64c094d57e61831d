import { randomBytes } from 'node:crypto';
import type { IRecordEvent } from '@labkeeper/core';
import type { RequestWant } from '@labkeeper/protocol';
import type { IRequestActTable } from '../store/request-tables.js';

/** Longest text of one line of a personal part, in characters. */
const LINE = 1000;

/** What was done with a request, for the log. */
export interface IRecordedAct {
  readonly request: string;
  readonly version: number;
  readonly kind: IRequestActTable['kind'];
  readonly side: IRequestActTable['side'];
  readonly by: string;
  readonly words: string | null;
  readonly atMs: number;
  readonly want: RequestWant;
  readonly reason: string;
}

const DECISIONS = {
  approve: ['allow', 'An approver allowed it.'],
  deny: ['deny', 'An approver denied it.'],
  revoke: ['deny', 'What was allowed was taken back.'],
  lapse: ['deny', 'Nobody decided in time.'],
  expire: ['deny', 'The time for which it was allowed is over.']
} as const;

/**
 * The record of what was done with a request. In the line that is hashed there is no name and nothing that somebody wrote:
 * both are in its personal part, under the asker's key, so that they can be erased.
 *
 * @param policyDigest - of the policy in force.
 */
export function requestEvent(act: IRecordedAct, policyDigest: string): IRecordEvent {
  const { kind, want } = act;
  const decision = kind in DECISIONS ? DECISIONS[kind as keyof typeof DECISIONS] : null;
  const [effect, sentence] = decision ?? [null, ''];
  return {
    action: effect ?? 'request',
    occurredAtMs: act.atMs,
    observedAtMs: act.atMs,
    surface: 'ui',
    tool: { name: 'labkeeper', version: null },
    environment: null,
    package:
      want.kind === 'package'
        ? {
            ...{ ecosystem: want.ecosystem, name: want.name, version: want.version, requested: true },
            ...{ installer: null, recordDigest: null, files: null, origin: 'index' }
          }
        : null,
    decision: effect && { effect, ruleId: `request ${act.request}`, policyDigest, reason: sentence },
    outcome: kind === 'withdraw' ? { ok: false, code: null } : null,
    evidence: act.side === 'asker' ? [{ source: 'ui', ref: `request ${act.request}` }] : [],
    gap: null,
    personal: {
      salt: randomBytes(16).toString('hex'),
      prefix: null,
      notebook: null,
      argv: wordsOf(act),
      directUrl: null
    }
  };
}

function wordsOf({ kind, by, words, reason, want }: IRecordedAct): string[] {
  const said = kind === 'submit' ? [JSON.stringify(want), reason] : [words ?? ''];
  return [`${kind} by ${by === '' ? 'nobody' : by}`, ...said.flatMap(linesOf)];
}

/** A lone half of a character at a cut would not be text. */
function linesOf(text: string): string[] {
  const letters = [...text];
  const lines: string[] = [];
  for (let from = 0; from < letters.length; from += LINE / 2) {
    lines.push(letters.slice(from, from + LINE / 2).join(''));
  }
  return lines;
}

import { randomBytes } from 'node:crypto';
import { messageDigest, type IRecordEvent } from '@labkeeper/core';
import type { AuditMessage } from '@labkeeper/protocol';
import { sha256Hex } from '../sha256.js';
import type { IRequestActTable } from '../store/request-tables.js';
import { linesOfAct, textOf, type IActWords } from './said-words.js';

/** What was done with a request, for the log. */
export interface IRecordedAct extends IActWords {
  readonly request: string;
  readonly version: number;
  readonly side: IRequestActTable['side'];
  readonly atMs: number;
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
  const salt = randomBytes(16).toString('hex');
  const message = messageOf(act, salt);
  return {
    action: message ? 'message' : (effect ?? 'request'),
    occurredAtMs: act.atMs,
    observedAtMs: act.atMs,
    // Who answers does that at the hub's pages or in a terminal.
    surface: message?.from === 'staff' ? 'unknown' : 'ui',
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
    ...(message && { message }),
    personal: { salt, prefix: null, notebook: null, argv: linesOfAct(act), directUrl: null }
  };
}

/** @param salt - of the personal part. @returns null = nothing was said in the thread. */
function messageOf({ kind, side, words, request }: IRecordedAct, salt: string): AuditMessage | null {
  if (kind !== 'say' || side === 'service') {
    return null;
  }
  const text = textOf(words);
  return {
    ...{ request, from: side },
    digest: messageDigest(sha256Hex, salt, text),
    characters: [...text].length
  };
}

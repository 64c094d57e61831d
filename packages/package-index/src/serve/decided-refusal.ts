import type { IDecision } from '../decision.js';
import { IndexRefusal } from '../index-refusal.js';

/** The answer to who asks for a file that policy keeps from them. */
export function refusalFor({ decision, rule, reason, whatNext }: IDecision): IndexRefusal {
  const by = rule === null ? 'by Labkeeper' : `by Labkeeper, rule ${rule}`;
  const verb = decision === 'require-approval' ? 'Needs approval' : 'Blocked';
  return new IndexRefusal(403, `${verb} ${by}.`, [reason, whatNext].filter(Boolean).join(' '));
}

import type { IDecision } from '../decision.js';

const PART_CHARACTERS = 120;
/** Numbers of a version must fit in the tools' integers. */
const DIGITS = 9;

/**
 * How a blocked file is listed. No tool chooses a file for a Python that does not exist, so an older allowed version is found;
 * where there is none, pip prints this whole specifier, and uv the reason why it is yanked. Either mark alone is not enough:
 * what is only yanked is installed by its number, and uv prints of the specifier only its public part.
 */
export interface IBlockedMark {
  readonly requiresPython: string;
  readonly yanked: string;
}

/** @param decision - one that keeps the file from whoever asks. */
export function blockedMark(decision: IDecision): IBlockedMark {
  const verb = decision.decision === 'require-approval' ? 'needs approval' : 'blocked';
  const rule = decision.rule === null ? '' : ` rule ${decision.rule}`;
  const words = shortened(asWords(`${verb} by labkeeper${rule}`));
  const reason = shortened(asWords(decision.reason));
  return {
    requiresPython: `==99+${reason ? `${words}.${reason}` : words}`,
    yanked: sentenceOf(decision)
  };
}

/** What a person is told, in one line. */
export function sentenceOf({ decision, rule, reason, whatNext }: IDecision): string {
  const verb = decision === 'require-approval' ? 'Needs approval' : 'Blocked';
  const by = rule === null ? 'by Labkeeper' : `by Labkeeper, rule ${rule}`;
  return [`${verb} ${by}: ${reason || 'no reason is given.'}`, whatNext].filter(Boolean).join(' ');
}

function shortened(words: string): string {
  return words.slice(0, PART_CHARACTERS).replace(/\.$/, '');
}

/** As a local version may be (PEP 440): `No AGPL-3` → `no.agpl.3`. */
function asWords(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(word => word !== '' && !(/^\d+$/.test(word) && word.length > DIGITS))
    .join('.');
}

import type { RequestKind, RequestState, RequestWant } from '@labkeeper/protocol';
import type { IRequestAct, IRequestRow } from '../store/requests.js';
import { counted } from './words.js';

export const KINDS: Readonly<Record<RequestKind, string>> = {
  package: 'Package',
  tier: 'Tier',
  extension: 'More time',
  help: 'Help'
};

export const STATES: Readonly<Record<RequestState, string>> = {
  requested: 'Open',
  approved: 'Approved',
  denied: 'Denied',
  withdrawn: 'Taken back',
  lapsed: 'Lapsed',
  active: 'In force',
  expired: 'Expired',
  revoked: 'Revoked',
  superseded: 'Superseded'
};

const HELP_STATES: Readonly<Partial<Record<RequestState, string>>> = {
  approved: 'Closed',
  denied: 'Declined'
};

/** How a request stands, in a word or two. */
export function stateWord({
  state,
  want,
  lastFrom
}: Pick<IRequestRow, 'state' | 'want' | 'lastFrom'>): string {
  if (state === 'requested' && lastFrom === 'staff') {
    return 'Open, answered';
  }
  return (want.kind === 'help' ? HELP_STATES[state] : undefined) ?? STATES[state];
}

/** What is asked for, in a line. */
export function wantWords(want: RequestWant): string {
  switch (want.kind) {
    case 'package':
      return `${want.name} ${want.version ?? ''}`.trim();
    case 'tier':
      return `${want.tier} for ${duration(want.durationMs)}`;
    case 'extension':
      return `${duration(want.durationMs)} more`;
    case 'help':
      return want.title;
  }
}

/** What an act was, in a few words. */
export function actWords({ kind }: IRequestAct, isHelp: boolean): string {
  switch (kind) {
    case 'submit':
      return 'Asked';
    case 'say':
      return 'Wrote';
    case 'approve':
      return isHelp ? 'Closed' : 'Approved';
    case 'deny':
      return isHelp ? 'Declined' : 'Denied';
    case 'withdraw':
      return 'Taken back';
    case 'lapse':
      return 'Lapsed: nobody decided in time';
    case 'activate':
      return 'In force';
    case 'expire':
      return 'Expired';
    case 'revoke':
      return 'Revoked';
    case 'supersede':
      return 'Superseded';
  }
}

/** What was done with a request, whatever was asked for: its records do not always say that. */
export const DEEDS: Readonly<Record<IRequestAct['kind'], string>> = {
  submit: 'asked',
  say: 'wrote in its thread',
  approve: 'approved it (a request for help: closed it as helped)',
  deny: 'denied it (a request for help: declined it)',
  withdraw: 'took it back',
  lapse: 'it lapsed: nobody decided in time',
  activate: 'it came into force',
  expire: 'its time was over',
  revoke: 'took back what was allowed',
  supersede: 'another request took its place'
};

function duration(ms: number): string {
  const hours = Math.round(ms / 3_600_000);
  return hours < 48 ? counted(Math.max(1, hours), 'hour') : counted(Math.round(hours / 24), 'day');
}

import type { TranslationBundle } from '@jupyterlab/translation';
import type { RequestSummary } from '@labkeeper/protocol';
import type { Outcome } from './requests-link.js';

/** How people name a request to each other: the first digits of its id. */
export function numberOf(id: string): string {
  return id.slice(0, 8);
}

/** What a request is about. */
export function titleOf({ want }: RequestSummary, trans: TranslationBundle): string {
  switch (want.kind) {
    case 'help':
      return want.title;
    case 'package':
      return trans.__('Package %1', want.version === null ? want.name : `${want.name} ${want.version}`);
    case 'tier':
      return trans.__('Tier %1', want.tier);
    case 'extension':
      return trans.__('More time');
  }
}

/** How a request stands. */
export function stateWords({ state, lastFrom, want }: RequestSummary, trans: TranslationBundle): string {
  switch (state) {
    case 'requested':
      return lastFrom === 'staff' ? trans.__('Answered') : trans.__('Waiting for an answer');
    case 'approved':
      return want.kind === 'help' ? trans.__('Closed: helped') : trans.__('Approved');
    case 'denied':
      return trans.__('Declined');
    case 'withdrawn':
      return trans.__('Withdrawn');
    case 'lapsed':
      return trans.__('Lapsed: nobody answered in time');
    case 'active':
      return trans.__('In force');
    case 'expired':
      return trans.__('Over');
    case 'revoked':
      return trans.__('Taken back by the hub');
    case 'superseded':
      return trans.__('Replaced by a later one');
  }
}

/** Why a request could not be read; '' = it was. */
export function unreadWords(outcome: Outcome, trans: TranslationBundle): string {
  return outcome.result === 'later'
    ? trans.__('The hub does not answer now. Close this and open it again in a minute.')
    : outcomeWords(outcome, '', trans);
}

/** What came of something that was sent. @param done - what to say where it is done. */
export function outcomeWords({ result, message }: Outcome, done: string, trans: TranslationBundle): string {
  switch (result) {
    case 'done':
      return done;
    case 'refused':
      return message ?? trans.__('The hub did not take it.');
    case 'changed':
      return trans.__('It has changed meanwhile. Look at it again.');
    case 'later':
      return trans.__('The hub does not answer now. Try again in a minute: it cannot arrive twice.');
    case 'no-hub':
      return trans.__('No hub service is named, so nothing was sent.');
  }
}

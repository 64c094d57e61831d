import type { RelayFailure } from '@labkeeper/core';
import { readHubRefusal } from '@labkeeper/protocol';
import type { IHubAnswer } from './hub-client.js';

/** What a status that is no success means. */
export function failureOf(status: number): RelayFailure {
  if (status === 401) {
    return 'ticket';
  }
  if (status === 403 || status === 426) {
    return 'refused';
  }
  return status === 429 || status === 503 ? 'later' : 'away';
}

/** What the service says about its refusal, as the end of a sentence. */
export function said(answer: IHubAnswer): string {
  const message = readHubRefusal(answer.text)?.message;
  return message ? `says: ${message}` : `answered ${answer.status}, which is no answer of Labkeeper's`;
}

import {
  auditState,
  encode,
  journalState,
  lossesKnown,
  receiptKnown,
  reclaimsKnown,
  recoveriesKnown,
  Receiver,
  requestsKnown,
  sessionKnown,
  type IDeclaration
} from '@labkeeper/protocol';

/** Messages that say how something is, whole: whoever listens later must hear the last of each. */
const STATES: readonly IDeclaration[] = [
  journalState,
  recoveriesKnown,
  reclaimsKnown,
  lossesKnown,
  receiptKnown,
  sessionKnown,
  auditState,
  requestsKnown
];

/** The last message of each kind that says how something is. */
export class KeptStates {
  constructor() {
    for (const state of STATES) {
      this.receiver.on(state, params => this.last.set(state.method, encode(state, params)));
    }
  }

  /** Takes all messages. */
  readonly receiver = new Receiver();

  /** Hands them on. */
  tell(receiver: Receiver): void {
    this.last.forEach(text => receiver.receive(text));
  }

  /** Another connection begins: what the last one said is not true any more. */
  forget(): void {
    this.last.clear();
  }

  private readonly last = new Map<string, string>();
}

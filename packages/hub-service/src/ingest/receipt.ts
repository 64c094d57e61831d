import { receiptText } from '@labkeeper/core';
import type { ReceiptBody, SignedReceipt } from '@labkeeper/protocol';
import type { IKeys } from '../keys/keys.js';
import type { Appended, IIncomingBatch } from '../store/log-writer.js';

/** The receipt for a batch that is durable. */
export function receiptFor(
  keys: IKeys,
  batch: IIncomingBatch,
  stored: Extract<Appended, { kind: 'stored' }>
): SignedReceipt {
  const body: ReceiptBody = {
    hub: batch.speaker.hub,
    stream: stored.stream,
    boot: batch.boot,
    first: batch.first,
    seq: batch.first + batch.records.length - 1,
    head: batch.head,
    firstIndex: stored.firstIndex,
    receivedAtMs: stored.receivedAtMs
  };
  return signReceipt(keys, body);
}

/** What the receipt says must be durable. */
export function signReceipt(keys: IKeys, body: ReceiptBody): SignedReceipt {
  return { body, key: keys.signingKeyId, signature: keys.sign(receiptText(body)) };
}

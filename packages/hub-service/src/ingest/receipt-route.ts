import { BATCH_RECORDS, HUB_PATHS, Uuid, type ReceiptAnswer } from '@labkeeper/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import * as v from 'valibot';
import type { IKeys } from '../keys/keys.js';
import { Refusal } from '../refusal.js';
import type { StoredStretches } from '../store/stored-stretches.js';
import type { ITicketHolder } from '../tickets/ticket.js';
import { signReceipt } from './receipt.js';

export interface IReceiptRouteParts {
  readonly stretches: StoredStretches;
  readonly keys: IKeys;
}

const Seq = v.pipe(v.string(), v.regex(/^[1-9]\d{0,14}$/), v.transform(Number));
const ReceiptQuery = v.pipe(
  v.strictObject({ boot: Uuid, first: Seq, seq: Seq }),
  v.check(({ first, seq }) => first <= seq && seq - first < BATCH_RECORDS)
);

/** GET receipt: signed again from what is stored, where the answer to a batch was lost. */
export function receiptRoute(
  fastify: FastifyInstance,
  holderOf: (request: FastifyRequest) => ITicketHolder,
  { stretches, keys }: IReceiptRouteParts
): void {
  fastify.get(HUB_PATHS.receipt, async (request): Promise<ReceiptAnswer> => {
    const query = v.safeParse(ReceiptQuery, request.query);
    if (!query.success) {
      throw new Refusal(
        400,
        'malformed',
        `Name the records: ?boot= with a UUID, first= and seq=, at most ${BATCH_RECORDS} of them.`
      );
    }
    const { boot, first, seq } = query.output;
    const holder = holderOf(request);
    const stretch = await stretches.find(holder, boot, first, seq);
    if (stretch === null) {
      throw new Refusal(404, 'malformed', 'This server has no such record here.');
    }
    return { receipt: signReceipt(keys, { hub: holder.hub, boot, ...stretch }) };
  });
}

import type { IDatabase } from './database.js';
import type { IUnloggedAct } from './request-acts.js';
import { nextChange } from './request-clock.js';
import { newServiceStream } from './service-stream.js';

/** Where an act has its place. */
type ActPlace = Pick<IUnloggedAct, 'request' | 'boot' | 'seq'>;

/**
 * Whether the record at an act's place, which its stream has passed, is the service's: one that a container wrote there is
 * graded as a container's. One that is not there any more was deleted by its age, and counts as the service's.
 */
export async function isOwnRecord(
  { read }: Pick<IDatabase, 'read'>,
  { request, boot, seq }: ActPlace
): Promise<boolean> {
  const found = await read
    .selectFrom('request')
    .innerJoin('stream', 'stream.server_id', 'request.server_id')
    .innerJoin('record', 'record.stream_id', 'stream.id')
    .select('record.grade')
    .where('request.id', '=', request)
    // Not that of the request: it may have another one by now.
    .where('stream.boot', '=', boot)
    .where('record.seq', '=', seq)
    .executeTakeFirst();
  return found === undefined || found.grade === 'hub';
}

/**
 * Lets the acts of a request that wait go on in a new stream, from its begin. Those that are in the log stay where they are;
 * their places in the old stream would be places of others in the new one, so the request does not lead to them any more.
 *
 * @param place - of an act that has lost it: there is somebody else's record.
 * @returns false = another replica was first.
 */
export function goOnElsewhere({ write }: Pick<IDatabase, 'write'>, place: ActPlace): Promise<boolean> {
  return write.transaction().execute(async db => {
    // No act is added meanwhile: its place is counted from those that are there.
    await nextChange(db);
    const { numUpdatedRows } = await db
      .updateTable('request')
      .set({ boot: newServiceStream() })
      .where('id', '=', place.request)
      .where('boot', '=', place.boot)
      .executeTakeFirstOrThrow();
    if (numUpdatedRows !== 1n) {
      return false;
    }
    await db
      .updateTable('request_act')
      .set({ log_seq: null })
      .where('request_id', '=', place.request)
      .where('logged', '=', 1)
      .execute();
    const waiting = await db
      .selectFrom('request_act')
      .select('id')
      .where('request_id', '=', place.request)
      .where('log_seq', 'is not', null)
      .orderBy('log_seq')
      .execute();
    for (const [before, { id }] of waiting.entries()) {
      await db
        .updateTable('request_act')
        .set({ log_seq: before + 1 })
        .where('id', '=', id)
        .execute();
    }
    return true;
  });
}

import { CompiledQuery, type Kysely } from 'kysely';
import type { IBatchPlace, INewRecord, IPlacedBatch } from './append-statements.js';
import type { ITables } from './tables.js';

const PARAMETERS = 27;
/** See the migration that makes the function. */
const CALL = `select * from append_batches(${Array.from({ length: PARAMETERS }, (_, i) => `$${i + 1}`).join()})`;

interface IAppendedRow {
  readonly first_index: number | null;
  readonly head_seq: number;
  readonly head_hash: string;
}

/**
 * One call, and without a transaction around it one round trip. Lines travel as one text and bytes as one: node-postgres
 * would quote each element of an array by itself.
 */
export async function appendToPostgres(
  db: Kysely<ITables>,
  batches: readonly IPlacedBatch[],
  receivedAtMs: number
): Promise<readonly IBatchPlace[]> {
  if (batches.length === 0) {
    return [];
  }
  const records = batches.flatMap((batch, i) => batch.records.map(record => ({ batch: i + 1, record })));
  const column = (name: keyof INewRecord): readonly unknown[] => records.map(({ record }) => record[name]);
  const sealed = sealedParts(records.map(({ record }) => record.sealed));
  const { rows } = await db.executeQuery<IAppendedRow>(
    CompiledQuery.raw(CALL, [
      batches.map(({ streamId }) => streamId),
      batches.map(({ hubId }) => hubId),
      batches.map(({ personId }) => personId),
      batches.map(({ serverId }) => serverId),
      batches.map(({ groupSetId }) => groupSetId),
      batches.map(({ before }) => before.seq),
      batches.map(({ before }) => before.hash),
      batches.map(({ after }) => after.seq),
      batches.map(({ after }) => after.hash),
      records.map(({ batch }) => batch),
      column('seq'),
      column('occurred_at_ms'),
      column('action'),
      column('ecosystem'),
      column('package_name'),
      column('package_version'),
      column('tool'),
      column('effect'),
      column('grade'),
      column('environment'),
      column('held'),
      sealed.from,
      sealed.bytes,
      records.map(({ record }) => record.entry).join('\n'),
      Buffer.concat(records.map(({ record }) => record.leaf)),
      sealed.all,
      receivedAtMs
    ])
  );
  return rows.map(({ first_index, head_seq, head_hash }) => ({
    firstIndex: first_index,
    head: { seq: head_seq, hash: head_hash }
  }));
}

interface ISealedParts {
  readonly all: Buffer;
  /** Where each begins, counted from 1, and how long it is; null = there is none. */
  readonly from: readonly (number | null)[];
  readonly bytes: readonly (number | null)[];
}

function sealedParts(parts: readonly (Uint8Array | null)[]): ISealedParts {
  let end = 0;
  const from = parts.map(part => {
    const begin = end;
    end += part?.length ?? 0;
    return part && begin + 1;
  });
  return {
    all: Buffer.concat(parts.filter(part => part !== null)),
    from,
    bytes: parts.map(part => part && part.length)
  };
}

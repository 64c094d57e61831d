import { sql } from 'kysely';
import type { Appended } from './log-writer.js';
import { lastSeq, newRecords, type AppendPlaced, type INewRecord } from './placed-batch.js';

interface IAnswer {
  readonly batch: number;
  /** null = its head was another one. */
  readonly first_index: number | null;
  readonly head_seq: number;
  readonly head_hash: string;
}

/**
 * One call of `labkeeper_append` (see its migration) is one transaction, and its plans are kept. Long texts travel as one
 * parameter, since node-postgres would quote each element of an array by itself; what is binary travels as it is.
 */
export const appendToPostgres: AppendPlaced = async (db, placed, receivedAtMs) => {
  if (placed.length === 0) {
    return [];
  }
  const rows = placed.map(one => newRecords(one, receivedAtMs));
  const records = rows.flat();
  const ofBatch = (value: (one: (typeof placed)[number]) => number): string => numbers(placed.map(value));
  const texts = (column: (record: INewRecord) => string | null): (string | null)[] => records.map(column);
  const sealed = records.map(record => record.sealed);
  const lengths = sealed.map(bytes => bytes?.length ?? 0);
  let endBytes = 0;
  const starts = lengths.map(length => (endBytes += length) - length + 1);
  const { rows: answers } = await sql<IAnswer>`select * from labkeeper_append(
    ${receivedAtMs},
    ${ofBatch(({ stream }) => stream.id)},
    ${ofBatch(({ speaker }) => speaker.hubId)},
    ${ofBatch(({ speaker }) => speaker.personId)},
    ${ofBatch(({ speaker }) => speaker.serverId)},
    ${ofBatch(({ speaker }) => speaker.groupSetId)},
    ${ofBatch(({ batch }) => batch.first)},
    ${ofBatch(({ batch }) => lastSeq(batch))},
    ${placed.map(({ batch }) => batch.prev)},
    ${placed.map(({ batch }) => batch.head)},
    ${numbers(rows.flatMap((some, i) => some.map(() => i + 1)))},
    ${numbers(records.map(record => record.seq))},
    ${numbers(records.map(record => record.occurred_at_ms))},
    ${texts(record => record.action)},
    ${texts(record => record.ecosystem)},
    ${texts(record => record.package_name)},
    ${texts(record => record.package_version)},
    ${texts(record => record.tool)},
    ${texts(record => record.effect)},
    ${texts(record => record.grade)},
    ${texts(record => record.environment)},
    ${Buffer.concat(records.map(({ leaf }) => leaf))},
    ${records.map(({ entry }) => entry).join('\n')},
    ${Buffer.concat(sealed.filter(bytes => bytes !== null))},
    ${numbers(starts)},
    ${numbers(lengths)}
  )`.execute(db);
  return placed.map(({ stream }, i): Appended => {
    const answer = answers[i];
    if (answer?.batch !== i + 1) {
      throw new Error('The log did not say what became of a batch.');
    }
    const { first_index: firstIndex, head_seq: seq, head_hash: hash } = answer;
    return firstIndex === null
      ? { kind: 'conflict', head: { seq, hash } }
      : { kind: 'stored', stream: stream.uuid, firstIndex, receivedAtMs };
  });
};

/** As PostgreSQL reads an array of numbers. */
function numbers(values: readonly (number | null)[]): string {
  return `{${values.map(value => value ?? 'null').join(',')}}`;
}

import type { IShownPartitions, PartitionTrouble } from '../partitions/partition-keeper.js';
import { STRAYS_CAP } from '../store/sql-partitions.js';
import type { IAdvice } from './service-state.js';
import { counted, thousands } from './words.js';

const WHY: Readonly<Record<PartitionTrouble, string>> = {
  busy: 'Somebody reads the tables of the log for long: a pg_dump does. It is tried again every hour; let there be an hour of the day without one.',
  forbidden:
    'The user of the database that the service logs in as must own the tables of the log, and may have to be allowed to create tables in their schema.',
  other: 'It is tried again every hour; the log of the service says why it failed.'
};

/** So many records that are in no month. */
export function strayWords(count: number): string {
  return count >= STRAYS_CAP ? `${thousands(STRAYS_CAP)} records or more` : counted(count, 'record');
}

/** What to do about the months of the log. */
export function partitionAdvice({ strays, trouble }: IShownPartitions): readonly IAdvice[] {
  const advice: IAdvice[] = [];
  if (trouble !== null) {
    advice.push({
      sentence: 'The coming months of the log could not be made; records are kept all the same.',
      todo: WHY[trouble]
    });
  }
  if (strays > 0) {
    advice.push({
      sentence: `${strayWords(strays)} ${strays === 1 ? 'is' : 'are'} in no month of the log, but in its default partition.`,
      todo: 'They are searched, exported and verified as all others, more slowly, and are moved within an hour. If they stay, or come again, see that the clocks of the service and its replicas are right.'
    });
  }
  return advice;
}

import type { IRecordColumns } from './log-writer.js';

/** What is searched of a record that tells of the recording, or of an act, and of no package. @param occurredAtMs - epoch ms. */
export function streamColumns(action: IRecordColumns['action'], occurredAtMs: number | null): IRecordColumns {
  return {
    ...{ occurredAtMs, action, grade: 'stream' },
    ...{ ecosystem: null, packageName: null, packageVersion: null, tool: null },
    ...{ effect: null, environment: null, held: null }
  };
}

import { LogEntry, parseShape, type OwnAnswer } from '@labkeeper/protocol';
import type { ILogPlace, ILogReader } from '../store/log-reader.js';
import type { IOwnEntry } from '../store/own-entries.js';
import type { ITicketHolder } from '../tickets/ticket.js';

/** Reads lines of the log by their index. */
export type EntriesAt = (places: readonly ILogPlace[]) => Promise<ReadonlyMap<number, IOwnEntry>>;

/**
 * What is on record of one server, newest first.
 *
 * @param before - null = from the newest on.
 */
export async function ownRecords(
  { reader, entriesAt }: { readonly reader: ILogReader; readonly entriesAt: EntriesAt },
  { hub, user, server }: ITicketHolder,
  before: ILogPlace | null,
  limit: number
): Promise<OwnAnswer> {
  const rows = await reader.list({ hub, user, server }, before, limit);
  const entries = await entriesAt(rows);
  const last = rows.at(-1);
  return {
    records: rows.flatMap(({ hub: _hub, user: _user, server: _server, ...row }) => {
      const found = entries.get(row.index);
      if (!found) {
        // Deleted since the list was read.
        return [];
      }
      const record = parseShape(LogEntry, found.entry)?.record ?? null;
      const { boot, seq } = found;
      return [{ ...row, boot, seq, environment: record?.environment ?? null, gap: record?.gap ?? null }];
    }),
    next: last && rows.length === limit ? `${last.receivedAtMs}.${last.index}` : null
  };
}

import { createHash } from 'node:crypto';
import type { LogEntry } from '@labkeeper/protocol';
import { entryOf, isoTime } from './read-entry.js';
import { accounted, goneSentence, missingSentence } from './accounted.js';
import { actOf } from '../store/act-entry.js';
import type { IExportOut, IExportRange, IExportSource, ILoggedEntry } from './export-source.js';

const COLUMNS = [
  'index',
  'received',
  'hub',
  'person',
  'server',
  'stream',
  'seq',
  'occurred',
  'action',
  'ecosystem',
  'package',
  'version',
  'tool',
  'surface',
  'effect',
  'rule',
  'reason',
  'ok',
  'gap',
  'entry_sha256',
  'request',
  'message_from',
  'message_characters',
  'message_digest',
  'grade',
  'image'
] as const;

/** The actions of the lines that tell of deleted and missing records; no record has them. */
const DELETED = 'deleted-records';
const MISSING = 'missing-records';

/** Cells that a spreadsheet would take for a formula begin so. */
const FORMULA = /^[=+\-@\t\r]/;

/** One line of CSV (RFC 4180), without formulas. */
export function csvLine(cells: readonly (string | number | boolean | null)[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

function cell(value: string | number | boolean | null): string {
  if (value === null) {
    return '';
  }
  if (typeof value !== 'string') {
    return String(value);
  }
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n']/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * Writes records as CSV, for spreadsheets: a part of each record, which proves nothing. The proof is an export of the
 * same filter and range. Last lines without an index say how many records of the range were deleted, and with a filter how many
 * are missing, where there are any.
 *
 * @returns number of records. @throws where one is missing that was not deleted by retention.
 */
export async function exportCsv(
  source: IExportSource,
  { firstIndex, endIndex: asked, filter }: IExportRange,
  out: IExportOut
): Promise<number> {
  const logEnd = await source.end();
  const endIndex = Math.min(asked ?? logEnd, logEnd);
  await out.write(Buffer.from(csvLine(COLUMNS)));
  let count = 0;
  for await (const block of accounted(source, firstIndex, endIndex, filter)) {
    count += block.length;
    const entries = block.map(logged => ({ logged, entry: entryOf(logged) }));
    const images = await source.images?.([...new Set(entries.map(({ entry }) => entry.stream))]);
    await out.write(
      Buffer.from(
        entries
          .map(({ logged, entry }) => csvLine(cellsOf(logged, entry, images?.get(entry.stream) ?? null)))
          .join('')
      )
    );
  }
  const told = [
    [DELETED, await goneSentence(source, firstIndex, endIndex, filter)],
    [MISSING, await missingSentence(source, firstIndex, endIndex, filter)]
  ] as const;
  for (const [action, reason] of told) {
    if (reason !== null) {
      await out.write(
        Buffer.from(
          csvLine(COLUMNS.map(name => (name === 'action' ? action : name === 'reason' ? reason : null)))
        )
      );
    }
  }
  return count;
}

function cellsOf(
  logged: ILoggedEntry,
  { record, ...frame }: LogEntry,
  image: string | null
): readonly (string | number | boolean | null)[] {
  return [
    logged.index,
    isoTime(frame.receivedAtMs),
    frame.hub,
    frame.person,
    frame.server,
    frame.stream,
    frame.seq,
    record ? isoTime(record.occurredAtMs) : null,
    record?.action ?? actOf(logged.entry)?.action ?? 'unreadable',
    record?.package?.ecosystem ?? null,
    record?.package?.name ?? null,
    record?.package?.version ?? null,
    record?.tool?.name ?? null,
    record?.surface ?? null,
    record?.decision?.effect ?? null,
    record?.decision?.ruleId ?? null,
    record?.decision?.reason ?? null,
    record?.outcome?.ok ?? null,
    record?.gap?.cause ?? null,
    // Finds the record in an export that proves it.
    createHash('sha256').update(logged.entry).digest('hex'),
    record?.message?.request ?? null,
    record?.message?.from ?? null,
    record?.message?.characters ?? null,
    record?.message?.digest ?? null,
    logged.grade ?? null,
    image
  ];
}

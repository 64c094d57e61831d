import { PassThrough, type Readable } from 'node:stream';
import { exportCsv } from './csv.js';
import { exportLog } from './export-log.js';
import type { ExportFormat, IExportRange, IExportSigner, IExportSource } from './export-source.js';
import { exportOcsf } from './ocsf.js';
import { StreamOut } from './stream-out.js';

/** Content types and ends of names, by format. */
export const EXPORT_FILES: Readonly<
  Record<ExportFormat, { readonly type: string; readonly suffix: string }>
> = {
  jsonl: { type: 'application/x-ndjson', suffix: '.jsonl' },
  csv: { type: 'text/csv; charset=utf-8', suffix: '.csv' },
  ocsf: { type: 'application/x-ndjson', suffix: '.ocsf.jsonl' }
};

/** What an answer with an export is made of. */
export interface IExportStreamParts {
  readonly source: IExportSource;
  readonly signer: IExportSigner;
  /** Epoch ms. */
  readonly nowMs: number;
  /** As that of `IExportParts`. */
  readonly countedEnd?: number;
}

/**
 * An export without personal parts as a body for an answer. It is made no faster than it is read. Where it fails in the
 * midst the stream breaks off, and what was read verifies as incomplete. Whoever asks has been let in, and her look is on
 * record, before this is called.
 */
export function exportStream(parts: IExportStreamParts, range: IExportRange, format: ExportFormat): Readable {
  const body = new PassThrough();
  const out = new StreamOut(body);
  const { source, nowMs } = parts;
  const written: Promise<unknown> =
    format === 'jsonl'
      ? exportLog({ ...parts, out, personalOut: null }, range)
      : format === 'csv'
        ? exportCsv(source, range, out)
        : exportOcsf(source, range, out, nowMs);
  written.then(
    () => body.end(),
    (error: unknown) => body.destroy(error instanceof Error ? error : new Error(String(error)))
  );
  return body;
}

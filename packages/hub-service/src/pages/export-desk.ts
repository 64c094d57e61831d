import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Readable } from 'node:stream';
import type { ExportFormat, IExportSigner, IExportSource } from '../export/export-source.js';
import { EXPORT_FILES, exportStream } from '../export/export-stream.js';
import { unsignable } from '../export/vanished.js';
import type { ILogFilter } from '../store/log-reader.js';
import { exportAddress, readLogQuery } from './log-query.js';
import type { IVisitor, Reading } from './reading.js';
import { Refusal } from './refusal.js';
import { endWithRight } from './end-with-right.js';

/** What pages and commands export from. */
export interface IExportedLog {
  readonly source: IExportSource;
  readonly signer: IExportSigner;
  /** Has digests made for the records that have none yet, so that a filtered export has a proof for them too. */
  cover(): Promise<void>;
}

export interface IExportDeskOptions {
  readonly log: IExportedLog;
  readonly reading: Reading;
  /** Epoch ms. */
  readonly nowMs: () => number;
  /** Milliseconds that only grow. */
  readonly monotonicMs: () => number;
}

/** Exports that are written at the same time, at most: each reads the database for as long as it takes. */
const AT_ONCE = 4;
/** And so many of one person: whoever reads slowly keeps nobody else out. */
const EACH_AT_ONCE = 2;
/** A reader who takes nothing for so long has gone, in ms. */
const STALLED_MS = 60_000;

/** Takes a view of the log away, for pages and commands alike: the same rights, the same record of it, one count of those that run. */
export class ExportDesk {
  constructor(private readonly options: IExportDeskOptions) {}

  /**
   * Answers with the export that a query asks for. It breaks off when whoever asked may no longer have it.
   *
   * @param again - who it is and what she may by now, as JupyterHub says; throws what refuses her.
   * @param prefix - of the address that was asked, for the record.
   * @throws Refusal before anything is sent.
   */
  async send(
    request: FastifyRequest,
    reply: FastifyReply,
    { visitor, again }: { readonly visitor: IVisitor; readonly again: () => Promise<IVisitor> },
    query: unknown,
    prefix = ''
  ): Promise<FastifyReply> {
    const { reading, nowMs, monotonicMs } = this.options;
    const { fields, filter, problems } = readLogQuery(query, ['format']);
    const format = formatOf(query);
    if (format === null || problems.length > 0) {
      throw new Refusal(400, problems[0] ?? 'An export is jsonl, csv or ocsf.');
    }
    // Nothing may throw behind `begin`: what nobody reads would be counted as running for ever.
    const view = JSON.stringify(reading.within(visitor, filter));
    const body = await this.begin(visitor, filter, format, `${prefix}${exportAddress(fields, format)}`);
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
    body.once('error', error => request.log.warn({ err: error }, 'An export broke off.'));
    endWithRight(body, {
      hasRight: async () => JSON.stringify(reading.within(await again(), filter)) === view,
      monotonicMs
    });
    const { type, suffix } = EXPORT_FILES[format];
    const stamp = new Date(nowMs()).toISOString().replace(/[-:]|\.\d+/g, '');
    return reply
      .type(type)
      .header('content-disposition', `attachment; filename="labkeeper-log-${stamp}${suffix}"`)
      .send(body);
  }

  private async begin(
    visitor: IVisitor,
    filter: ILogFilter,
    format: ExportFormat,
    address: string
  ): Promise<Readable> {
    const { log, reading, nowMs } = this.options;
    const name = JSON.stringify([visitor.person.hub, visitor.person.name]);
    const own = this.running.filter(other => other === name).length;
    if (this.running.length >= AT_ONCE || own >= EACH_AT_ONCE) {
      throw new Refusal(503, `${this.running.length} exports are being written already.`, {
        todo: 'Try again when they are done.'
      });
    }
    // Counted before anything is waited for, so that many at once are seen.
    this.running.push(name);
    try {
      const asked = await reading.exporting(visitor, filter, address);
      await log.cover();
      // That may have taken minutes.
      reading.within(visitor, filter);
      const range = { filter: Object.keys(asked).length > 0 ? asked : null, firstIndex: 0, endIndex: null };
      // Here, because nobody can be refused any more who has been sent a part.
      const countedEnd = range.filter !== null && format === 'jsonl' ? await log.source.end() : 0;
      const trouble = await unsignable(log.source, 0, countedEnd);
      if (trouble !== null) {
        throw new Refusal(409, trouble);
      }
      const { source, signer } = log;
      const body = exportStream({ source, signer, nowMs: nowMs(), countedEnd }, range, format);
      body.once('close', () => this.done(name));
      return body;
    } catch (error) {
      this.done(name);
      throw error;
    }
  }

  private done(name: string): void {
    this.running.splice(this.running.indexOf(name), 1);
  }

  /** Whose exports are being written: hub and name for each. */
  private readonly running: string[] = [];
}

function formatOf(query: unknown): ExportFormat | null {
  const format = typeof query === 'object' && query !== null && 'format' in query ? query.format : 'jsonl';
  return format === 'jsonl' || format === 'csv' || format === 'ocsf' ? format : null;
}

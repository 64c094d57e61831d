import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ExportFormat, IExportSigner, IExportSource } from '../export/export-source.js';
import { EXPORT_FILES, exportStream } from '../export/export-stream.js';
import { unsignable } from '../export/vanished.js';
import { ADDRESS_LENGTH } from '../people/next-path.js';
import { sendRefusal } from './answers.js';
import { comesFromElsewhere, type Gate, opensPage } from './gate.js';
import { exportAddress, readLogQuery } from './log-query.js';
import type { Reading } from './reading.js';
import { Refusal } from './refusal.js';

/** What pages export from. */
export interface IExportedLog {
  readonly source: IExportSource;
  readonly signer: IExportSigner;
  /** Has digests made for the records that have none yet, so that a filtered export has a proof for them too. */
  cover(): Promise<void>;
}

export interface IExportRoutesOptions {
  readonly log: IExportedLog;
  readonly reading: Reading;
  readonly gate: Gate;
  /** Epoch ms. */
  readonly nowMs: () => number;
}

/** Exports that are written at the same time, at most: each reads the database for as long as it takes. */
const AT_ONCE = 4;
/** And so many of one person: whoever reads slowly keeps nobody else out. */
const EACH_AT_ONCE = 2;
/** A reader who takes nothing for so long has gone, in ms. */
const STALLED_MS = 60_000;

/** What a reader of the log takes away: the view that she sees, as a file with its proof or for other tools. */
export class ExportRoutes {
  constructor(private readonly options: IExportRoutesOptions) {}

  register(fastify: FastifyInstance): void {
    fastify.get('/export', { exposeHeadRoute: false }, (request, reply) => this.answer(request, reply));
  }

  private async answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const session = await this.options.gate.guest(request);
    // A link on somebody else's page is nobody's wish to take the log away.
    const isAsked = opensPage(request) && !comesFromElsewhere(request);
    if (session === null || !isAsked || request.url.length > ADDRESS_LENGTH) {
      throw new Refusal(
        401,
        'Exports are opened from a page of the install log, by somebody who is signed in.',
        {
          link: { href: '/log', text: 'Go to the install log' }
        }
      );
    }
    try {
      return await this.send(request, reply, this.options.gate.reader(session));
    } catch (error) {
      if (error instanceof Refusal) {
        return sendRefusal(request, reply, error, session);
      }
      throw error;
    }
  }

  private async send(
    request: FastifyRequest,
    reply: FastifyReply,
    visitor: ReturnType<Gate['reader']>
  ): Promise<FastifyReply> {
    const { log, reading, nowMs } = this.options;
    const { fields, filter, problems } = readLogQuery(request.query, ['format']);
    const format = formatOf(request.query);
    if (format === null || problems.length > 0) {
      throw new Refusal(400, problems[0] ?? 'An export is jsonl, csv or ocsf.');
    }
    const name = JSON.stringify([visitor.person.hub, visitor.person.name]);
    const own = this.running.filter(other => other === name).length;
    if (this.running.length >= AT_ONCE || own >= EACH_AT_ONCE) {
      throw new Refusal(503, `${this.running.length} exports are being written already.`, {
        todo: 'Try again when they are done.'
      });
    }
    // Counted before anything is waited for, so that many at once are seen.
    this.running.push(name);
    let body;
    try {
      const asked = await reading.exporting(visitor, filter, exportAddress(fields, format));
      await log.cover();
      const range = { filter: Object.keys(asked).length > 0 ? asked : null, firstIndex: 0, endIndex: null };
      // Here, because nobody can be refused any more who has been sent a part.
      const countedEnd = range.filter !== null && format === 'jsonl' ? await log.source.end() : 0;
      const trouble = await unsignable(log.source, 0, countedEnd);
      if (trouble !== null) {
        throw new Refusal(409, trouble);
      }
      const { source, signer } = log;
      body = exportStream({ source, signer, nowMs: nowMs(), countedEnd }, range, format);
    } catch (error) {
      this.done(name);
      throw error;
    }
    body.once('close', () => this.done(name));
    reply.raw.setTimeout(STALLED_MS, () => reply.raw.destroy());
    body.once('error', error => request.log.warn({ err: error }, 'An export broke off.'));
    const { type, suffix } = EXPORT_FILES[format];
    const stamp = new Date(nowMs()).toISOString().replace(/[-:]|\.\d+/g, '');
    return reply
      .type(type)
      .header('content-disposition', `attachment; filename="labkeeper-log-${stamp}${suffix}"`)
      .send(body);
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

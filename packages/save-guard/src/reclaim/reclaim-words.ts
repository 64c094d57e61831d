import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { Reclaim } from '@labkeeper/protocol';
import type { IReceipt } from './receipt.js';

/** Puts notices and receipts into words. */
export class ReclaimWords {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly say: Quantities
  ) {}

  /** What will happen, and when: "This machine will be reclaimed in 1:47." */
  headline({ kind, deadlineMs }: Reclaim, nowMs: number): string {
    const { trans } = this;
    const when = deadlineMs === null ? null : countdown(deadlineMs - nowMs);
    switch (kind) {
      case 'reclaim':
        return when === null
          ? trans.__('This machine may be reclaimed any moment.')
          : trans.__('This machine will be reclaimed in %1.', when);
      case 'maintenance':
        return when === null
          ? trans.__('This machine may be stopped for maintenance any moment.')
          : trans.__('This machine will be stopped for maintenance in %1.', when);
      case 'cull':
        return when === null
          ? trans.__('This server was idle for long and may be stopped any moment.')
          : trans.__('This server was idle for long and will be stopped in %1.', when);
      case 'stop':
        return when === null
          ? trans.__('This server is being stopped.')
          : trans.__('This server will be stopped in %1.', when);
      case 'wall-time':
        return when === null
          ? trans.__('The time of this job is over.')
          : trans.__('The time of this job ends in %1.', when);
      case 'trial':
        return trans.__('Trial: this machine would be reclaimed in %1.', when ?? '0:00');
    }
  }

  /** "12 of 14 documents are safe; 2 are being saved." */
  progress(documents: number, unsafe: number): string {
    const { trans } = this;
    if (documents === 0) {
      return trans.__('No document is open.');
    }
    if (unsafe === 0) {
      return trans._n('The open document is safe.', 'All %1 documents are safe.', documents);
    }
    return trans.__('%1 of %2 documents are safe; %3 being saved.', documents - unsafe, documents, unsafe);
  }

  /** What remains true whatever is saved. */
  get variables(): string {
    return this.trans.__('Variables of running kernels will be lost: write out what took long to compute.');
  }

  /** The report of a trial, as Markdown. */
  report({ reclaim, atMs, documents, safeAfterMs }: IReceipt): string {
    const { trans, say } = this;
    const seconds = Math.round(((reclaim.deadlineMs ?? atMs) - reclaim.givenAtMs) / 1000);
    const lost = documents.filter(document => document.lostMs > 0);
    return [
      `# ${trans.__('Trial of a reclaim')}`,
      '',
      trans.__(
        'The notice came %1 before the end, at %2.',
        say.duration(seconds * 1000),
        say.moment(reclaim.givenAtMs)
      ),
      safeAfterMs === null
        ? trans.__('Not everything was safe when the end came.')
        : trans.__('Everything was safe %1 s after the notice.', (safeAfterMs / 1000).toFixed(1)),
      '',
      `| ${trans.__('Document')} | ${trans.__('Would have been lost')} | ${trans.__('Where it is')} |`,
      '|---|---|---|',
      ...documents.map(
        ({ path, lostMs, place }) =>
          `| ${path.replaceAll('|', '\\|')} | ${lostMs === 0 ? trans.__('nothing') : trans.__('changes of the last %1', say.duration(lostMs))} | ${this.place(place)} |`
      ),
      '',
      lost.length === 0
        ? trans.__('No change to a document would have been lost.')
        : trans._n(
            '%1 document would have lost changes.',
            '%1 documents would have lost changes.',
            lost.length
          ),
      trans.__('Variables of kernels would have been lost: no trial can save them.'),
      ''
    ].join('\n');
  }

  private place(place: 'file' | 'journal' | 'browser'): string {
    switch (place) {
      case 'file':
        return this.trans.__('in the file');
      case 'journal':
        return this.trans.__('in the journal');
      case 'browser':
        return this.trans.__('in this browser');
    }
  }
}

/** "1:47"; never below "0:00". */
function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

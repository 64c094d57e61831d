import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { DocumentStanding, KernelLoss, Receipt } from '@labkeeper/protocol';
import { LossWords } from './loss-words.js';

/** Variables of one kernel that a report lists. */
const LISTED = 50;

/** Writes a receipt as Markdown: of a trial what would have been lost, of an end what was. */
export class ReportWords {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly say: Quantities
  ) {
    this.losses = new LossWords(trans, say);
  }

  report(receipt: Receipt): string {
    const { trans } = this;
    const isTrial = receipt.reclaim.kind === 'trial';
    return [
      `# ${isTrial ? trans.__('Trial of a reclaim') : trans.__('Receipt of a reclaim')}`,
      '',
      ...this.course(receipt, isTrial),
      '',
      `## ${trans.__('Documents')}`,
      '',
      ...this.documents(receipt, isTrial),
      '',
      `## ${trans.__('Kernels')}`,
      '',
      ...this.kernels(receipt, isTrial),
      ''
    ].join('\n');
  }

  private course({ reclaim, atMs, safeAfterMs }: Receipt, isTrial: boolean): string[] {
    const { trans, say } = this;
    const given = say.moment(reclaim.givenAtMs);
    const notice =
      reclaim.deadlineMs === null
        ? trans.__('The notice came at %1 and named no time.', given)
        : trans.__(
            'The notice came %1 before the end, at %2.',
            say.exactDuration(reclaim.deadlineMs - reclaim.givenAtMs),
            given
          );
    return [
      isTrial ? notice : `${notice} ${trans.__('It came from: %1.', cell(reclaim.source))}`,
      safeAfterMs === null
        ? trans.__('Not everything was safe when the end came.')
        : trans.__('Everything was safe %1 s after the notice.', say.number(safeAfterMs / 1000)),
      ...(isTrial ? [] : [trans.__('This is how it stood last, at %1.', say.moment(atMs))])
    ];
  }

  private documents({ documents, atMs }: Receipt, isTrial: boolean): string[] {
    const { trans, say } = this;
    if (documents.length === 0) {
      return [trans.__('No document was open.')];
    }
    const lost = documents.filter(({ lostMs }) => lostMs > 0).length;
    const head = isTrial ? trans.__('Would have been lost') : trans.__('Not safe then');
    return [
      `| ${trans.__('Document')} | ${head} | ${trans.__('Where it is')} |`,
      '|---|---|---|',
      ...documents.map(({ path, lostMs, place }) => {
        const what =
          lostMs === 0 ? trans.__('nothing') : trans.__('changes of the last %1', say.duration(lostMs));
        return `| ${cell(path)} | ${what} | ${this.place(place)} |`;
      }),
      '',
      ...(isTrial ? [this.trialVerdict(lost)] : [this.verdict(lost, atMs), '', this.whoSaid])
    ];
  }

  private trialVerdict(lost: number): string {
    const { trans } = this;
    return lost === 0
      ? trans.__('No change to a document would have been lost.')
      : trans._n('%1 document would have lost changes.', '%1 documents would have lost changes.', lost);
  }

  /** What came between the last word of the pages and the end is not known. */
  private verdict(unsafe: number, atMs: number): string {
    const { trans, say } = this;
    const at = say.moment(atMs);
    return unsafe === 0
      ? trans.__('Nothing was unsafe at %1.', at)
      : trans._n(
          '%1 document had changes at %2 that were not safe.',
          '%1 documents had changes at %2 that were not safe.',
          unsafe,
          at
        );
  }

  private get whoSaid(): string {
    return this.trans.__('Pages with a connection said so; what a page without one held is not known.');
  }

  private kernels({ kernels, atMs }: Receipt, isTrial: boolean): string[] {
    const { trans } = this;
    if (kernels.length === 0) {
      return [trans.__('No kernel was running.')];
    }
    return [
      isTrial
        ? trans.__('What these kernels held would have been lost: no trial can save it.')
        : trans.__('What these kernels held is lost, except for what a checkpoint cell or you wrote out.'),
      ...kernels.flatMap(loss => ['', ...this.kernel(loss, atMs)])
    ];
  }

  private kernel(loss: KernelLoss, atMs: number): string[] {
    const { trans, losses } = this;
    const items = loss.variables?.items.slice(0, LISTED) ?? [];
    const more = (loss.variables?.count ?? 0) - items.length;
    return [
      `### ${cell(loss.path ?? loss.title)}`,
      '',
      `${losses.kernel(loss, atMs)}.`,
      ...(loss.checkpoint ? ['', `${cell(losses.checkpoint(loss, atMs))}.`] : []),
      ...(items.length === 0
        ? []
        : [
            '',
            `| ${trans.__('Variable')} | ${trans.__('Type')} | ${trans.__('Size')} |`,
            '|---|---|---:|',
            ...items.map(
              ({ name, type, bytes }) => `| ${cell(name)} | ${cell(type)} | ${losses.size(bytes)} |`
            ),
            ...(more > 0 ? ['', trans._n('And one more.', 'And %1 more.', more)] : [])
          ])
    ];
  }

  private place(place: DocumentStanding['place']): string {
    switch (place) {
      case 'file':
        return this.trans.__('in the file');
      case 'journal':
        return this.trans.__('in the journal');
      case 'browser':
        return this.trans.__('in this browser');
    }
  }

  private readonly losses: LossWords;
}

/** A text of somebody else's in a line of Markdown: it makes no column, link, picture or HTML of its own. */
function cell(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').replace(/[\\`*_{}[\]<>()#!|~]/g, '\\$&');
}

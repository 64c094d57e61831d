import type { TranslationBundle } from '@jupyterlab/translation';
import type { Quantities } from '@labkeeper/labkit';
import type { EarlierSession, OpenDocument, RunningCell } from '@labkeeper/protocol';

/** Longest piece of a cell's first line in a notification, in UTF-16 units. */
const SHORT_LINE = 60;

/** Puts what was open when the last server ended into words. */
export class ResumeWords {
  constructor(
    private readonly trans: TranslationBundle,
    private readonly say: Quantities
  ) {}

  /** How and when the server ended. */
  ended({ orderly, lastAtMs }: EarlierSession, nowMs: number): string {
    const at = this.say.clock(lastAtMs, nowMs);
    // A server that is killed cannot say when: this is when it was last heard of.
    return orderly
      ? this.trans.__('It was stopped at %1.', at)
      : this.trans.__('It ended unexpectedly, some time after %1.', at);
  }

  /** The cell that ran when the server ended; its line follows. */
  running({ sinceMs, waiting }: RunningCell, nowMs: number): string {
    const since = this.say.clock(sinceMs, nowMs);
    return waiting === 0
      ? this.trans.__('A cell was running since %1:', since)
      : this.trans._n(
          'A cell was running since %2, and %1 more was waiting:',
          'A cell was running since %2, and %1 more were waiting:',
          waiting,
          since
        );
  }

  /** When the file was saved. */
  saved({ savedAtMs }: OpenDocument, nowMs: number): string {
    return savedAtMs === null
      ? this.trans.__('The file was not saved in that session.')
      : this.trans.__('File saved at %1.', this.say.clock(savedAtMs, nowMs));
  }

  /** The whole in one or two sentences. */
  summary(session: EarlierSession, nowMs: number): string {
    const { trans, say } = this;
    const { documents, orderly, lastAtMs } = session;
    const at = say.clock(lastAtMs, nowMs);
    const count = documents.length;
    const open = orderly
      ? trans._n(
          'The last server was stopped at %2; %1 document was open.',
          'The last server was stopped at %2; %1 documents were open.',
          count,
          at
        )
      : trans._n(
          'The last server ended unexpectedly, some time after %2; %1 document was open.',
          'The last server ended unexpectedly, some time after %2; %1 documents were open.',
          count,
          at
        );
    const busy = documents.find(({ running }) => running !== null);
    return busy?.running
      ? `${open} ${trans.__('A cell of %1 was running: %2', busy.path, shortened(busy.running.line))}`
      : open;
  }
}

function shortened(line: string): string {
  return line.length > SHORT_LINE ? `${line.slice(0, SHORT_LINE)}…` : line;
}

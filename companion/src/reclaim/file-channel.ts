import { parseNoticeFile, type IReclaimStatement } from '@labkeeper/core';
import type { IClock, IDisposable } from '../clock.js';
import type { IChannelReport, IReclaimChannel } from './channel.js';
import { WatchedFile, type IFileReading } from './watched-file.js';

/** A file of "any moment" that lay there for longer when the server started is left over from an earlier one. */
const LEFT_OVER_MS = 3600_000;

/**
 * A file that somebody writes when the end is near: a node watcher on a shared volume, an administrator, an annotation
 * of the pod in a volume of the downward API. Removing it withdraws the notice.
 */
export class FileChannel implements IReclaimChannel {
  readonly name = 'file';

  constructor(
    private readonly options: {
      readonly path: string;
      readonly clock: IClock;
      readonly slowMs?: number;
      readonly settleMs?: number;
    }
  ) {}

  start(report: IChannelReport): IDisposable {
    return new WatchedFile({
      ...this.options,
      trouble: sentence => report.trouble(sentence),
      read: (reading, changed) => {
        if (changed) {
          this.statements = this.parse(reading, report) ?? this.statements;
        }
        this.seen = true;
        report.says(this.statements);
      }
    });
  }

  /** What the file says; null = nonsense, which changes nothing. */
  private parse(reading: IFileReading | null, report: IChannelReport): readonly IReclaimStatement[] | null {
    if (reading === null) {
      return [];
    }
    const { path, clock } = this.options;
    const nowMs = clock.wallMs();
    const heard = parseNoticeFile(
      reading.text,
      {
        key: 'file',
        kind: 'reclaim',
        source: 'file',
        // A file server's clock may be ahead of ours.
        fromMs: Math.round(Math.min(reading.mtimeMs, nowMs)),
        revision: reading.text
      },
      reading.projected
    );
    if (heard.says === 'nonsense') {
      report.trouble(`${path}: ${heard.reason}.`);
      return null;
    }
    const list = heard.says === 'notices' ? heard.notices : [];
    if (
      !this.seen &&
      nowMs - reading.mtimeMs > LEFT_OVER_MS &&
      list.some(({ deadlineMs }) => deadlineMs === null)
    ) {
      report.trouble(
        `${path} was written long before this server started: it is not heeded until it changes.`
      );
      return [];
    }
    return list;
  }

  private statements: readonly IReclaimStatement[] = [];
  /** Whether it is known what was there at the start. */
  private seen = false;
}

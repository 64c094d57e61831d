import type { TranslationBundle } from '@jupyterlab/translation';
import type { Reclaim } from '@labkeeper/protocol';

/** Puts notices into words. */
export class ReclaimWords {
  constructor(private readonly trans: TranslationBundle) {}

  /** What will happen, and when: "This machine will be reclaimed in 1:47." */
  headline({ kind, deadlineMs, memoryKept }: Reclaim, nowMs: number): string {
    const { trans } = this;
    const when = deadlineMs === null ? null : countdown(deadlineMs - nowMs);
    if (memoryKept === true) {
      return when === null
        ? trans.__('This machine is moved, and stands still for a moment. Memory is kept.')
        : trans.__('This machine is moved in %1, and stands still for a moment. Memory is kept.', when);
    }
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
          ? trans.__('This server was idle for long and may be stopped any moment, unless you work in it.')
          : trans.__('This server was idle for long and will be stopped in %1, unless you work in it.', when);
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

  /**
   * How the documents stood when the server before this one was heard of last; what came after that is not known.
   *
   * @param unsafe - documents with changes that were not safe.
   * @param at - that moment, as people say it.
   */
  lastEnd(unsafe: number, at: string): string {
    const { trans } = this;
    const ended = trans.__('The server before this one ended after a notice.');
    const stood =
      unsafe === 0
        ? trans.__('Nothing was unsafe at %1.', at)
        : trans._n(
            '%1 document had changes at %2 that were not safe.',
            '%1 documents had changes at %2 that were not safe.',
            unsafe,
            at
          );
    return `${ended} ${stood}`;
  }
}

/** "1:47", "2:01:47"; never below "0:00". */
function countdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000));
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  const rest = `${two(seconds % 60)}`;
  return hours === 0 ? `${minutes}:${rest}` : `${hours}:${two(minutes)}:${rest}`;
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}

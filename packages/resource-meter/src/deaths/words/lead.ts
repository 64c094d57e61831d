import type { Death, Notice } from '@labkeeper/protocol';
import type { Speech } from '../speech.js';
import { proofOf } from './proof-of.js';

/** What happened to which kernel, and when, in one sentence. */
export function deathLead(death: Death, speech: Speech): string {
  const { trans } = speech;
  const { verdict, evidence } = death;
  const title = evidence.kernel.title;
  const time = speech.time(death.atMs);
  if (evidence.series > 1) {
    return verdict.cause === 'start-failed'
      ? trans._n(
          'The kernel of %2 failed to start %1 time in a row, last at %3.',
          'The kernel of %2 failed to start %1 times in a row, last at %3.',
          evidence.series,
          title,
          time
        )
      : trans._n(
          'The kernel of %2 died %1 time in a row, last at %3.',
          'The kernel of %2 died %1 times in a row, last at %3.',
          evidence.series,
          title,
          time
        );
  }
  switch (verdict.cause) {
    case 'memory-limit':
    case 'memory-elsewhere':
      return trans.__('The kernel of %1 was stopped by the system at %2.', title, time);
    case 'killed-outside':
    case 'terminated-outside':
      return trans.__('The kernel of %1 was stopped by another program or a person at %2.', title, time);
    case 'segfault':
    case 'bus-error':
    case 'illegal-instruction':
    case 'abort':
    case 'floating-point':
      return trans.__('The kernel of %1 crashed at %2.', title, time);
    case 'start-failed':
      return proofOf(verdict, 'ended-first') === null
        ? trans.__('The kernel of %1 did not start at %2.', title, time)
        : trans.__('The kernel of %1 ended at %2 and could not be started again.', title, time);
    case 'container-killed':
    case 'container-stopped':
      return trans.__(
        'Everything in this container was stopped at %2, the kernel of %1 with it.',
        title,
        time
      );
    default:
      return trans.__('The kernel of %1 ended at %2.', title, time);
  }
}

/** What became of the kernel and its variables. It changes while the dialog is open. */
export function consequence(death: Death, { trans }: Speech): string {
  if (death.verdict.cause === 'start-failed') {
    switch (death.consequence) {
      case 'gave-up':
      case 'none':
        return trans.__('It will not be started again by itself.');
      case 'restarting':
        return trans.__('It is being started again.');
      case 'restarted':
        return trans.__('It has started now.');
      case 'pending':
        return '';
    }
  }
  if (death.evidence.fromFlightRecorder) {
    return trans.__('The variables of all its kernels are gone.');
  }
  switch (death.consequence) {
    case 'pending':
      return trans.__('Its variables are gone.');
    case 'restarting':
      return trans.__('It is restarting; its variables are gone.');
    case 'restarted':
      return trans.__('The kernel has restarted; its variables are gone.');
    case 'gave-up':
    case 'none':
      return trans.__('It will not be restarted by itself; its variables are gone.');
  }
}

/** Which kernels a notice is about, and since when. */
export function noticeLead(notice: Notice, speech: Speech): string {
  const { trans } = speech;
  const time = speech.time(notice.atMs);
  const first = notice.kernels[0];
  if (first === undefined) {
    return trans.__('This was seen at %1.', time);
  }
  const others = notice.kernels.length - 1;
  return others === 0
    ? trans.__('This was seen at %1 and concerns %2.', time, first.title)
    : trans._n(
        'This was seen at %2 and concerns %3 and %1 other kernel.',
        'This was seen at %2 and concerns %3 and %1 other kernels.',
        others,
        time,
        first.title
      );
}

/** Whether a notice still holds. */
export function noticeConsequence(notice: Notice, { trans }: Speech): string {
  return notice.over
    ? trans.__('It is over now.')
    : notice.verdict.cause === 'worker-killed'
      ? trans.__('The kernel and its variables are still there.')
      : trans.__('It still goes on; your kernels and variables are still there.');
}

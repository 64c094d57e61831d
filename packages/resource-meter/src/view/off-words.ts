import type { TranslationBundle } from '@jupyterlab/translation';
import type { ICompanion } from '@labkeeper/labkit';

/** Why the meter is switched off, and as of when that is known. */
export function offWords(
  { reason, info }: Pick<ICompanion, 'reason' | 'info'>,
  trans: TranslationBundle
): string {
  const off = reason || trans.__('The meter was switched off by the administrator of this server.');
  const saidAtMs = info?.policySaidAtMs ?? null;
  return saidAtMs === null
    ? off
    : `${off} ${trans.__(
        'The hub service has not answered since this server started: its policy is as of %1.',
        new Date(saidAtMs).toLocaleString()
      )}`;
}

import type { IPeopleSettings } from '../people/people-settings.js';
import type { ILogStatus } from '../store/log-reader.js';

/** Something that is not as it should be, and what to do. */
export interface IAdvice {
  readonly sentence: string;
  readonly todo: string;
}

/** After so long without a digest something is wrong, in ms: they are made every hour. */
const LATE_MS = 2 * 3_600_000;
const LOCAL = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What an administrator should do, the gravest first; nothing = all is well. */
export function adviceFor(
  status: ILogStatus,
  settings: IPeopleSettings,
  nowMs: number,
  policyTrouble: string | null = null
): readonly IAdvice[] {
  const advice: IAdvice[] = [];
  const { hostname } = new URL(settings.origin);
  if (!settings.secure && !LOCAL.test(hostname)) {
    advice.push({
      sentence: 'These pages are served without encryption, so sessions can be stolen on the way.',
      todo: 'Put them behind a proxy with a certificate, and set LABKEEPER_PAGES_URL to its https address.'
    });
  }
  if (policyTrouble !== null) {
    advice.push({
      sentence: `The policy file cannot be used: ${policyTrouble}`,
      todo: 'The policy before it stays in force. Mend the file; it is read again by itself.'
    });
  }
  if (status.records === 0) {
    advice.push({
      sentence: 'Nothing has been recorded yet.',
      todo: 'Start a server whose image has Labkeeper. If nothing comes within a minute, look in the log of that server.'
    });
  } else if (status.liveStreams === 0) {
    advice.push({
      sentence: 'No server has sent anything in the last ten minutes.',
      todo: 'That is right if no server runs. If one does, see that it reaches this service (LABKEEPER_SERVICE_URL there).'
    });
  }
  if (status.uncovered > 0 && status.newestMs !== null && nowMs - status.newestMs > LATE_MS) {
    advice.push({
      sentence: 'Records have waited for more than two hours to be covered by a digest.',
      todo: 'Digests are made every hour; the log of the service says why none was.'
    });
  }
  return advice;
}

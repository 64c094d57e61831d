import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { parseParams, WireError } from '@labkeeper/protocol';

/** Why the companion does not answer. */
export interface IAwayReason {
  /** One translated sentence. */
  readonly sentence: string;
  /** The server said that Labkeeper is switched off: nothing to retry. */
  readonly disabled: boolean;
  /**
   * The question was answered with success, which a hub counts as activity of the user: it must not be asked again
   * and again.
   */
  readonly countsAsActivity: boolean;
}

/**
 * Asks the server once why a connection to the companion failed. Never rejects.
 *
 * @param settings - those of the page's own requests.
 */
export async function askWhyAway(
  settings: ServerConnection.ISettings,
  trans: TranslationBundle
): Promise<IAwayReason> {
  const away = (sentence: string): IAwayReason => ({ sentence, disabled: false, countsAsActivity: false });
  let response: Response;
  try {
    response = await ServerConnection.makeRequest(
      URLExt.join(settings.baseUrl, 'labkeeper', 'health'),
      {},
      settings
    );
  } catch {
    // The reason is the answer: there is no way to the server at the moment.
    return away(trans.__('The server cannot be reached. Labkeeper connects by itself when it is back.'));
  }
  if (response.ok) {
    return {
      ...away(
        trans.__(
          'The companion is running, but the connection to it does not come about. A proxy on the way may not let WebSockets through.'
        )
      ),
      countsAsActivity: true
    };
  }
  if (response.status === 401 || response.status === 403) {
    return away(trans.__('The server does not know this page any more. Reload it to log in again.'));
  }
  const refusal = await readRefusal(response);
  if (refusal?.code === 'disabled') {
    return {
      sentence: trans.__('Labkeeper was switched off by the administrator of this server.'),
      disabled: true,
      countsAsActivity: false
    };
  }
  if (refusal) {
    // The supervisor's own words: it knows what the page cannot.
    return away(refusal.hint ? `${refusal.message} ${refusal.hint}` : refusal.message);
  }
  if (response.status === 404) {
    return away(
      trans.__(
        'Labkeeper is not enabled on this server. “labkeeper doctor” in a terminal says what is missing.'
      )
    );
  }
  return away(trans.__('Companion is not running: the server answered with status %1.', response.status));
}

async function readRefusal(response: Response): Promise<WireError | null> {
  try {
    return parseParams({ method: 'refusal', params: WireError }, await response.json());
  } catch {
    // Not our JSON: the page of some proxy. The status alone is then the reason.
    return null;
  }
}

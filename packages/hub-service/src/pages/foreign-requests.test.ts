import { verified } from '../../test/support/exported.js';
import { MadeKey, MadeLog } from '../../test/support/made-log.js';
import { Browser } from './browser.test.data.js';

const made = new MadeLog({ key: new MadeKey(), records: 20, streams: 2, digestRecords: 10, uncovered: 0 });

async function signedIn(): Promise<Browser> {
  const exports = { source: made, signer: made.made.key, cover: () => Promise.resolve() };
  const browser = await Browser.open({ exports });
  browser.log.add({});
  await browser.visit('/status');
  return browser;
}

/** What browsers say about the page that makes them ask. */
const from = (site: string, mode: string, target: string): Record<string, string> => ({
  'sec-fetch-site': site,
  'sec-fetch-mode': mode,
  'sec-fetch-dest': target
});

describe('what pages of other hosts make a browser ask', () => {
  it.each(['same-site', 'cross-site'])('is no look, unless they open the page: %s', async site => {
    const browser = await signedIn();
    for (const path of ['/log', '/log/0', '/looks', '/export', '/login', '/signed-out', '/nothing']) {
      for (const [mode, target] of [
        ['no-cors', 'empty'],
        ['cors', 'empty'],
        ['no-cors', 'image'],
        ['no-cors', 'script'],
        ['navigate', 'iframe'],
        ['navigate', 'embed']
      ] as const) {
        const answer = await browser.ask(path, { headers: from(site, mode, target) });
        expect([path, mode, target, answer.statusCode]).toEqual([path, mode, target, 403]);
        expect(answer.headers['set-cookie']).toBeUndefined();
      }
    }
    expect(browser.log.seen).toEqual([]);
    // A link in a ticket.
    expect((await browser.ask('/log/0', { headers: from(site, 'navigate', 'document') })).statusCode).toBe(
      200
    );
    expect(browser.log.seen).toHaveLength(1);
  });

  it('takes no log away, also by a link', async () => {
    const browser = await signedIn();
    for (const site of ['same-site', 'cross-site']) {
      const answer = await browser.ask('/export', { headers: from(site, 'navigate', 'document') });
      expect(answer.statusCode).toBe(401);
    }
    expect(browser.log.seen).toEqual([]);
    for (const site of ['same-origin', 'none']) {
      const answer = await browser.ask('/export', { headers: from(site, 'navigate', 'document') });
      expect(verified(answer.rawPayload)).toMatchObject({ outcome: 'consistent' });
    }
  });

  it('a form of theirs is told so', async () => {
    const browser = await signedIn();
    const answer = await browser.ask('/logout', {
      method: 'POST',
      headers: {
        ...from('cross-site', 'navigate', 'document'),
        'content-type': 'application/x-www-form-urlencoded'
      },
      payload: 'form=guess'
    });
    expect([answer.statusCode, answer.body]).toEqual([
      403,
      expect.stringContaining('so nothing was changed')
    ]);
  });
});

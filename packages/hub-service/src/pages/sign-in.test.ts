import { Browser } from './browser.test.data.js';

const location = (answer: { headers: Record<string, unknown> }): string => String(answer.headers['location']);

describe('signing in through JupyterHub', () => {
  it('goes to the hub with a state and a challenge, comes back to the page that was asked for', async () => {
    const browser = await Browser.open();
    browser.log.add({});
    const first = await browser.ask('/log?user=alice');
    expect(first.statusCode).toBe(302);
    const to = new URL(location(first));
    expect(to.origin + to.pathname).toBe('http://127.0.0.1:8000/hub/api/oauth2/authorize');
    expect(Object.fromEntries(to.searchParams)).toEqual({
      client_id: 'service-labkeeper',
      redirect_uri: 'http://127.0.0.2:8010/oauth_callback',
      response_type: 'code',
      state: expect.stringMatching(/^[\w-]{22}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256'
    });
    const back = browser.hub.authorize(to.href);
    const second = await browser.ask(String(back).replace(browser.hub.settings.origin, ''));
    expect([second.statusCode, location(second)]).toEqual([302, '/log?user=alice']);
    expect([...browser.cookies.keys()]).toEqual(['labkeeper-session']);
    const page = await browser.ask('/log?user=alice');
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain('>lead<');
    // The token stays here, and nothing secret is logged.
    const secrets = [
      browser.cookies.get('labkeeper-session'),
      'token-',
      'code-',
      to.searchParams.get('state')
    ];
    for (const secret of secrets) {
      expect(page.body).not.toContain(secret);
      expect(browser.lines.join('')).not.toContain(secret);
    }
  });

  it('sets cookies that no script and no other host has', async () => {
    const plain = await Browser.open();
    const login = await plain.ask('/login');
    expect(String(login.headers['set-cookie'])).toMatch(
      /^labkeeper-login-[\w-]{12}=[\w-]{100,400}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/
    );
    const secure = await Browser.open({ pagesUrl: 'https://labkeeper.example.org' });
    await secure.visit('/log');
    expect([...secure.cookies.keys()]).toEqual(['__Host-labkeeper-session']);
    const again = await secure.ask('/login');
    expect(String(again.headers['set-cookie'])).toMatch(
      /^__Host-.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/
    );
    expect(String(again.headers['set-cookie'])).not.toMatch(/Domain/);
  });

  it('does not take a state of another browser, a made-up one, or one of another sign-in', async () => {
    const browser = await Browser.open();
    const back = String(browser.hub.authorize(location(await browser.ask('/log')))).replace(/^.*?8010/, '');
    const kept = new Map(browser.cookies);
    browser.cookies.clear();
    expect((await browser.ask(back)).statusCode).toBe(400);
    // What another sign-in of hers has sealed opens nothing, and neither does what somebody changed.
    await browser.ask('/login');
    const [other = ''] = browser.cookies.values();
    for (const [name, value] of kept) {
      // Its first character: of the last one of a base64url text, some bits say nothing.
      for (const wrong of [other, value.replace(/^./, first => (first === 'A' ? 'B' : 'A')), '']) {
        browser.cookies.clear();
        browser.cookies.set(name, wrong);
        expect((await browser.ask(back)).statusCode).toBe(400);
      }
    }
    expect((await browser.ask('/oauth_callback?code=x&state=made-up')).statusCode).toBe(400);
    expect((await browser.ask('/oauth_callback')).statusCode).toBe(400);
    expect((await browser.ask('/oauth_callback?state=a&state=b&code=c')).statusCode).toBe(400);
    expect(browser.cookies.has('labkeeper-session')).toBe(false);
    expect(browser.hub.asked).toBe(0);
  });

  it('a state that is used again by who is in leads to the log', async () => {
    const browser = await Browser.open();
    const back = String(browser.hub.authorize(location(await browser.ask('/status')))).replace(
      /^.*?8010/,
      ''
    );
    expect(location(await browser.ask(back))).toBe('/status');
    expect(location(await browser.ask(back))).toBe('/log');
  });

  it('two tabs can sign in at once', async () => {
    const browser = await Browser.open();
    const [one, two] = [location(await browser.ask('/log')), location(await browser.ask('/status'))];
    const ways = [one, two].map(to => String(browser.hub.authorize(to)).replace(/^.*?8010/, ''));
    const names = [...browser.cookies];
    expect(names).toHaveLength(2);
    expect(location(await browser.ask(ways[1] ?? ''))).toBe('/status');
    // The first took all cookies of sign-ins away; the browser is in anyway.
    expect(location(await browser.ask(ways[0] ?? ''))).toBe('/log');
  });

  it('takes ten minutes at most', async () => {
    const browser = await Browser.open();
    const back = String(browser.hub.authorize(location(await browser.ask('/log')))).replace(/^.*?8010/, '');
    browser.nowMs += 600_000;
    expect((await browser.ask(back)).statusCode).toBe(400);
  });

  it('ends at no address but ours', async () => {
    const browser = await Browser.open();
    for (const next of ['https://evil.example', '//evil.example', '/\\evil.example', '/.//evil.example']) {
      const to = location(await browser.ask(`/login?next=${encodeURIComponent(next)}`));
      const back = String(browser.hub.authorize(to)).replace(/^.*?8010/, '');
      expect(location(await browser.ask(back))).toBe('/log');
    }
  });

  it('says in a sentence that the hub said no, and repeats nothing odd', async () => {
    const browser = await Browser.open();
    const state = new URL(location(await browser.ask('/log'))).searchParams.get('state');
    const refused = await browser.ask(`/oauth_callback?error=access_denied&state=${state}`);
    expect(refused.statusCode).toBe(403);
    expect(refused.body).toContain('JupyterHub did not let you in (access_denied).');
    const other = new URL(location(await browser.ask('/log'))).searchParams.get('state');
    const odd = await browser.ask(`/oauth_callback?error=%3Cscript%3E&state=${other}`);
    expect(odd.statusCode).toBe(403);
    expect(odd.body).not.toContain('script');
  });

  it('keeps out whoever may not come to the service, and whoever the hub does not know', async () => {
    const browser = await Browser.open();
    browser.hub.people.set('bob', { name: 'bob', groups: [], scopes: ['custom:labkeeper:audit'] });
    browser.hub.present = 'bob';
    expect((await browser.visit('/log')).statusCode).toBe(403);
    expect(browser.cookies.has('labkeeper-session')).toBe(false);
  });
});

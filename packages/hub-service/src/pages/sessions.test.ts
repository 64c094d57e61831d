import { Browser } from './browser.test.data.js';

describe('a session', () => {
  it('asks the hub at most every 30 seconds, and once for many tabs', async () => {
    const browser = await Browser.open();
    await browser.visit('/log');
    expect(browser.hub.asked).toBe(1);
    browser.nowMs += 29_999;
    await browser.ask('/log');
    expect(browser.hub.asked).toBe(1);
    browser.nowMs += 1;
    await Promise.all([browser.ask('/log'), browser.ask('/status'), browser.ask('/looks')]);
    expect(browser.hub.asked).toBe(2);
  });

  it('dies with the hub’s: 30 seconds after the last word at the latest', async () => {
    const browser = await Browser.open();
    await browser.visit('/log');
    browser.hub.revoke('lead');
    browser.nowMs += 30_000;
    const answer = await browser.ask('/log');
    expect(answer.statusCode).toBe(302);
    // It is gone for good, even if the hub knew the token again.
    expect((await browser.ask('/status')).statusCode).toBe(302);
  });

  it('whoever loses the right reads nothing more, and is told what is missing', async () => {
    const browser = await Browser.open();
    browser.log.add({ record: {} });
    await browser.visit('/log');
    browser.hub.people.set('lead', {
      name: 'lead',
      groups: [],
      scopes: ['access:services!service=labkeeper']
    });
    browser.nowMs += 30_000;
    for (const path of ['/log', '/log/0', '/looks', '/status']) {
      const answer = await browser.ask(path);
      expect(answer.statusCode).toBe(403);
      expect(answer.body).toContain('custom:labkeeper:audit is missing');
      expect(answer.body).not.toContain('polars');
      // Who it is, and a way out.
      expect(answer.body).toContain('>lead<');
    }
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes: ['custom:labkeeper:audit'] });
    browser.nowMs += 30_000;
    expect((await browser.ask('/log')).statusCode).toBe(302);
  });

  it('ends after twelve hours', async () => {
    const browser = await Browser.open();
    await browser.visit('/log');
    browser.nowMs += 12 * 3_600_000;
    expect((await browser.ask('/log')).statusCode).toBe(302);
    expect(browser.hub.asked).toBe(1);
  });

  it('lets nobody in while the hub does not answer, and goes on when it does', async () => {
    const browser = await Browser.open();
    await browser.visit('/log');
    browser.hub.away = true;
    expect((await browser.ask('/log')).statusCode).toBe(200);
    browser.nowMs += 30_000;
    const answer = await browser.ask('/log');
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '10']);
    expect(answer.body).toContain('JupyterHub does not answer, so nobody can be let in at the moment.');
    browser.hub.away = false;
    expect((await browser.ask('/log')).statusCode).toBe(200);
  });

  it('a clock that was set back makes nobody trusted for longer', async () => {
    const browser = await Browser.open();
    await browser.visit('/log');
    browser.hub.revoke('lead');
    browser.nowMs -= 3_600_000;
    expect((await browser.ask('/log')).statusCode).toBe(302);
  });

  it('a new sign-in is a new session, and the old one is nobody’s', async () => {
    const browser = await Browser.open();
    await browser.visit('/log');
    const old = new Map(browser.cookies);
    await browser.visit('/login?next=/log');
    expect(browser.cookies.get('labkeeper-session')).not.toBe(old.get('labkeeper-session'));
    browser.cookies.clear();
    old.forEach((value, name) => browser.cookies.set(name, value));
    expect((await browser.ask('/log')).statusCode).toBe(302);
  });

  it('a made-up, an empty and a huge cookie are none', async () => {
    const browser = await Browser.open();
    for (const value of ['', 'x', 'a'.repeat(6000), '%00', '"', '../..']) {
      const answer = await browser.ask('/log', { headers: { cookie: `labkeeper-session=${value}` } });
      expect(answer.statusCode).toBe(302);
    }
  });
});

describe('signing out', () => {
  const send = (browser: Browser, token: string, headers: Record<string, string> = {}) =>
    browser.ask('/logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      payload: `form=${encodeURIComponent(token)}`
    });

  it('takes the form’s own token, and ends the session for good', async () => {
    const browser = await Browser.open();
    const token = Browser.formToken((await browser.visit('/log')).body);
    const kept = new Map(browser.cookies);
    // Out is out, also while the hub is away.
    browser.hub.away = true;
    browser.nowMs += 60_000;
    const answer = await send(browser, token, { origin: 'http://127.0.0.2:8010' });
    expect([answer.statusCode, answer.headers.location]).toEqual([303, '/signed-out']);
    expect(browser.cookies.has('labkeeper-session')).toBe(false);
    expect((await browser.ask('/signed-out')).body).toContain('You are signed out of Labkeeper.');
    kept.forEach((value, name) => browser.cookies.set(name, value));
    expect((await browser.ask('/log')).statusCode).toBe(302);
  });

  it('takes no form of another page, session or host', async () => {
    const browser = await Browser.open();
    const token = Browser.formToken((await browser.visit('/log')).body);
    const other = await Browser.open();
    const foreign = Browser.formToken((await other.visit('/log')).body);
    expect(foreign).not.toBe(token);
    for (const wrong of ['', 'x', foreign]) {
      expect((await send(browser, wrong)).statusCode).toBe(403);
    }
    expect((await send(browser, token, { origin: 'http://127.0.0.1:8000' })).statusCode).toBe(403);
    const twice = await browser.ask('/logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: `form=${token}&form=${token}`
    });
    expect(twice.statusCode).toBe(403);
    expect((await browser.ask('/log')).statusCode).toBe(200);
  });

  it('takes nothing but forms, and no big ones', async () => {
    const browser = await Browser.open();
    const token = Browser.formToken((await browser.visit('/log')).body);
    const json = await browser.ask('/logout', { method: 'POST', payload: { form: token } });
    expect(json.statusCode).toBe(415);
    expect(json.body).toContain('Only forms of these pages are read here.');
    const big = await send(browser, 'x'.repeat(100_000));
    expect(big.statusCode).toBe(413);
    expect((await browser.ask('/log')).statusCode).toBe(200);
  });
});

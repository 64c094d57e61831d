import type { InjectOptions } from 'fastify';
import { Browser } from './browser.test.data.js';

const READ = ['/log', '/log/0', '/looks', '/status'];

describe('without a session', () => {
  it.each(READ)('%s sends a browser to the hub and shows nothing', async path => {
    const browser = await Browser.open();
    browser.log.add({});
    const answer = await browser.ask(path);
    expect(answer.statusCode).toBe(302);
    expect(String(answer.headers.location)).toMatch(
      /^http:\/\/127\.0\.0\.1:8000\/hub\/api\/oauth2\/authorize\?/
    );
    expect(browser.log.seen).toEqual([]);
  });

  it.each(READ)('%s begins no sign-in for scripts, frames and HEAD', async path => {
    const browser = await Browser.open();
    const odd: InjectOptions[] = [
      { headers: { 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' } },
      { headers: { 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' } },
      { method: 'HEAD' }
    ];
    for (const more of odd) {
      const answer = await browser.ask(path, more);
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
    expect((await browser.ask(path, odd[0])).json()).toEqual({
      message: 'Nobody is signed in here, or no longer.'
    });
  });

  it('a form that is sent too late goes to the hub by a page, because browsers let no form end elsewhere', async () => {
    const browser = await Browser.open();
    const answer = await browser.ask('/log?user=a%26b', {
      headers: { referer: 'http://127.0.0.2:8010/log' }
    });
    expect(answer.statusCode).toBe(401);
    expect(answer.body).toContain(
      '<meta http-equiv="refresh" content="0; url=/login?next=%2Flog%3Fuser%3Da%2526b"/>'
    );
    const foreign = await browser.ask('/log', {
      headers: { referer: 'http://127.0.0.2:8010.evil.example/' }
    });
    expect(foreign.statusCode).toBe(302);
  });

  it('the way out is closed too', async () => {
    const browser = await Browser.open();
    const answer = await browser.ask('/logout', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      payload: 'form=x'
    });
    expect(answer.statusCode).toBe(401);
  });
});

describe('odd requests', () => {
  it.each(['OPTIONS', 'PUT', 'DELETE', 'PATCH', 'POST', 'TRACE'] as const)(
    '%s changes and shows nothing',
    async method => {
      const browser = await Browser.open();
      await browser.visit('/log');
      const before = browser.log.seen.length;
      for (const path of [...READ, '/', '/login', '/oauth_callback', '/signed-out']) {
        const answer = await browser.ask(path, { method: method as InjectOptions['method'] });
        expect([path, answer.statusCode, answer.headers.allow]).toEqual([
          path,
          405,
          expect.stringMatching(/^GET/)
        ]);
        expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      }
      expect(browser.log.seen).toHaveLength(before);
    }
  );

  it('GET does not sign out', async () => {
    const browser = await Browser.open();
    await browser.visit('/log');
    const answer = await browser.ask('/logout');
    expect([answer.statusCode, answer.headers.allow]).toEqual([405, 'POST']);
    expect((await browser.ask('/log')).statusCode).toBe(200);
  });

  it('HEAD is GET without its body, and a look', async () => {
    const browser = await Browser.open();
    await browser.visit('/status');
    const answer = await browser.ask('/log', { method: 'HEAD' });
    expect([answer.statusCode, answer.body]).toEqual([200, '']);
    expect(browser.log.seen).toHaveLength(1);
  });

  it.each([
    'localhost:8010',
    '127.0.0.1:8010',
    '127.0.0.2',
    '127.0.0.2:8010.evil.example',
    'evil.example',
    ''
  ])('another host (%s) gets one sentence', async host => {
    const browser = await Browser.open();
    await browser.visit('/log');
    for (const path of [...READ, '/', '/login', '/oauth_callback?state=a&code=b', '/nothing']) {
      const answer = await browser.ask(path, { headers: { host } });
      expect(answer.statusCode).toBe(421);
      expect(answer.body).toContain('These pages are only at http://127.0.0.2:8010.');
      expect(answer.headers['set-cookie']).toBeUndefined();
    }
  });

  it.each([...READ, '/', '/nothing', '/log/', '/.env', '/log/0/..%2f', '/signed-out'])(
    'every answer has the headers: %s',
    async path => {
      const browser = await Browser.open();
      for (const answer of [await browser.ask(path), await browser.visit(path)]) {
        expect(answer.headers).toMatchObject({
          'content-security-policy':
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
          'cross-origin-opener-policy': 'same-origin',
          'x-content-type-options': 'nosniff',
          'referrer-policy': 'same-origin',
          'cache-control': 'no-store'
        });
        expect(answer.headers['x-powered-by']).toBeUndefined();
      }
    }
  );

  it('the style is kept for ever, and its address is its hash', async () => {
    const browser = await Browser.open();
    const path =
      /href="(\/style-[0-9a-f]{16}\.css)"/.exec((await browser.ask('/signed-out')).body)?.[1] ?? '';
    const answer = await browser.ask(path);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toBe('text/css; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('public, max-age=31536000, immutable');
    expect(answer.body).toContain('prefers-color-scheme: dark');
    expect((await browser.ask('/style-0000000000000000.css')).statusCode).toBe(404);
  });

  it('an address that is none gets a sentence, and the headers', async () => {
    const browser = await Browser.open();
    const answer = await browser.ask('/log/%zz<script>');
    expect([answer.statusCode, answer.body]).toEqual([400, 'This address cannot be read.\n']);
    expect(answer.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store'
    });
  });

  it('an address that is too long is not looked at', async () => {
    const browser = await Browser.open();
    await browser.visit('/status');
    expect((await browser.ask(`/log?x=${'y'.repeat(3000)}`)).statusCode).toBe(414);
    expect(browser.log.seen).toEqual([]);
  });

  it('what fails within is one sentence, and its reason is in the log', async () => {
    const browser = await Browser.open();
    browser.log.add({});
    await browser.visit('/status');
    // No reader of the log would do so.
    browser.log.story = () => Promise.resolve(JSON.parse('{"row":null,"act":null,"entry":"{}"}'));
    const answer = await browser.ask('/log/0');
    expect(answer.statusCode).toBe(500);
    expect(answer.body).toMatch(/This page failed; the log of the service says why, at request [\w-]+\./);
    expect(answer.body).not.toMatch(/TypeError|\.ts/);
    expect(browser.lines.join('')).toContain('TypeError');
  });
});

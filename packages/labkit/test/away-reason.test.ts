import { ServerConnection } from '@jupyterlab/services';
import { nullTranslator } from '@jupyterlab/translation';
import { askWhyAway } from '../src/away-reason.js';

const trans = nullTranslator.load('labkeeper');

/** What the page says after this answer of the server. */
async function ask(answer: () => Response) {
  const urls: string[] = [];
  const reason = await askWhyAway(
    ServerConnection.makeSettings({
      baseUrl: 'http://127.0.0.1:8888/user/a/',
      fetch: request => {
        urls.push(request instanceof Request ? request.url : String(request));
        return Promise.resolve().then(answer);
      }
    }),
    trans
  );
  expect(urls).toHaveLength(1);
  expect(urls[0]).toMatch(/^http:\/\/127\.0\.0\.1:8888\/user\/a\/labkeeper\/health/);
  return reason;
}

const refusal = (status: number, body: object) => () =>
  new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });

test('a server that cannot be reached is said to be so', async () => {
  const reason = await ask(() => {
    throw new TypeError('Failed to fetch');
  });
  expect(reason).toEqual({
    sentence: 'The server cannot be reached. Labkeeper connects by itself when it is back.',
    disabled: false,
    countsAsActivity: false
  });
});

test('a companion that runs points at the way to it, and the question was activity', async () => {
  const reason = await ask(() => new Response('{}'));
  expect(reason.sentence).toContain('A proxy on the way may not let WebSockets through.');
  expect(reason.countsAsActivity).toBe(true);
});

test.each([401, 403])('status %d asks to log in again', async status => {
  expect((await ask(() => new Response('', { status }))).sentence).toContain('Reload it to log in again.');
});

test('the supervisor’s own words are passed on', async () => {
  const body = { code: 'companion-away', message: 'The companion starts again.', hint: 'Wait 2 s.' };
  expect((await ask(refusal(503, body))).sentence).toBe('The companion starts again. Wait 2 s.');
});

test('switched off is not a failure', async () => {
  const reason = await ask(refusal(503, { code: 'disabled', message: 'off' }));
  expect(reason).toMatchObject({
    disabled: true,
    sentence: 'Labkeeper was switched off by the administrator of this server.'
  });
});

test('a server without Labkeeper names the doctor', async () => {
  expect((await ask(() => new Response('<html>', { status: 404 }))).sentence).toContain('labkeeper doctor');
});

test('a proxy’s page is told by its status', async () => {
  expect((await ask(() => new Response('<html>Bad gateway</html>', { status: 502 }))).sentence).toBe(
    'Companion is not running: the server answered with status 502.'
  );
});

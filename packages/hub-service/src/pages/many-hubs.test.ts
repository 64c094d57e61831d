import { OWN_HUB } from '../hubs/hub-scope.js';
import { FakeHub } from '../people/fake-hub.test.data.js';
import { TokenAccess } from '../people/token-access.js';
import { Browser, settingsOf } from './browser.test.data.js';

/** A second hub, as its entry in the file makes it. */
function eastHub(): FakeHub {
  return new FakeHub(
    {
      ...settingsOf(),
      ...{ hub: 'east', hubUrl: 'http://127.0.0.3:8000/hub/', clientId: 'service-lk-east' },
      redirectUri: 'http://127.0.0.2:8010/oauth_callback/east'
    },
    'the-secret-of-the-east'
  );
}

describe('signing in where there are two hubs', () => {
  let east: FakeHub;
  let browser: Browser;
  beforeEach(async () => {
    east = eastHub();
    browser = await Browser.open({
      further: [east],
      scope: OWN_HUB,
      access: hub =>
        new TokenAccess({
          hub: hub.settings.hub,
          hubApi: { whoIs: token => hub.whoIs(token) },
          serviceName: 'labkeeper',
          monotonicMs: () => 0
        })
    });
    browser.log.add({ user: 'of-the-first' });
    browser.log.add({ user: 'of-the-east', hub: 'east' });
  });
  const choices = (page: string): string[] =>
    [...page.matchAll(/href="(\/login\?hub=[^"]+)"/g)].map(([, href]) =>
      (href ?? '').replaceAll('&amp;', '&')
    );

  it('lets one choose the hub, and leads back to where one wanted to go', async () => {
    const page = await browser.visit('/log?user=x');
    expect(page.statusCode).toBe(200);
    expect(page.body).not.toContain('of-the');
    expect(choices(page.body)).toEqual([
      '/login?hub=hub&next=%2Flog%3Fuser%3Dx',
      '/login?hub=east&next=%2Flog%3Fuser%3Dx'
    ]);
    expect(choices((await browser.ask('/login?hub=nowhere&next=//evil.example')).body)).toEqual([
      '/login?hub=hub&next=%2Flog',
      '/login?hub=east&next=%2Flog'
    ]);
  });

  it('gives a session of that hub, which sees that hub alone', async () => {
    const atEast = (await browser.visit('/login?hub=east&next=%2Flog')).body;
    expect(atEast).toContain('of-the-east');
    expect(atEast).not.toContain('of-the-first');
    expect(atEast).toContain('lead at east');
    expect((await browser.ask('/log/0')).statusCode).toBe(404);
    expect((await browser.ask('/log/1')).statusCode).toBe(200);
    const atFirst = (await browser.visit('/login?hub=hub&next=%2Flog')).body;
    expect(atFirst).toContain('of-the-first');
    expect(atFirst).not.toContain('of-the-east');
    expect((await browser.ask('/log/1')).statusCode).toBe(404);
  });

  it('ends a session with its own hub’s, and no other hub is asked about it', async () => {
    await browser.visit('/login?hub=east&next=%2Flog');
    const asked = browser.hub.asked;
    browser.hub.away = true;
    browser.nowMs += 60_000;
    expect((await browser.ask('/log')).statusCode).toBe(200);
    east.revoke('lead');
    browser.nowMs += 60_000;
    expect((await browser.ask('/log')).body).toContain('Several hubs share these pages');
    expect(browser.hub.asked).toBe(asked);
  });

  it('lets a person in by the rights of the hub where she signs in', async () => {
    east.people.set('lead', { name: 'lead', groups: [], scopes: ['access:services'] });
    expect((await browser.visit('/login?hub=east&next=%2Flog')).statusCode).toBe(403);
    expect((await browser.visit('/login?hub=hub&next=%2Flog')).statusCode).toBe(200);
  });

  it('ends a sign-in only at the address of the hub where it began, so that no hub gets another’s codes', async () => {
    // The east lies: it sends the browser to the first hub, with the state of a sign-in at the east.
    const departure = String((await browser.ask('/login?hub=east&next=%2Flog')).headers.location);
    const state = new URL(departure).searchParams.get('state') ?? '';
    const lie = new URL(String((await browser.ask('/login?hub=hub&next=%2Flog')).headers.location));
    lie.searchParams.set('state', state);
    const back = browser.hub.authorize(lie.href) ?? '';
    expect(back).toContain('/oauth_callback?');
    const traded = jest.spyOn(east, 'trade');
    const answer = await browser.ask(back.replace(browser.hub.settings.origin, ''));
    expect(answer.statusCode).toBe(400);
    expect(traded).not.toHaveBeenCalled();
    expect([...browser.cookies.keys()].some(name => name.endsWith('session'))).toBe(false);
  });

  it('takes a command’s token at the hub that is named with it', async () => {
    const call = (token: string, hub?: string) =>
      browser.ask('/api/v1/log', {
        headers: { authorization: `Bearer ${token}`, ...(hub !== undefined && { 'labkeeper-hub': hub }) }
      });
    const users = (answer: Awaited<ReturnType<typeof call>>): unknown[] =>
      answer.json<{ records: { user: string }[] }>().records.map(({ user }) => user);
    const token = east.tokenOf('lead');
    expect((await call(token)).statusCode).toBe(401);
    expect((await call(token, 'nowhere')).statusCode).toBe(403);
    expect(users(await call(token, 'east'))).toEqual(['of-the-east']);
    expect(users(await call(browser.hub.tokenOf('lead')))).toEqual(['of-the-first']);
    expect(users(await call(browser.hub.tokenOf('lead'), 'hub'))).toEqual(['of-the-first']);
  });
});

it('with one hub goes straight on, and says nothing of hubs', async () => {
  const browser = await Browser.open();
  const page = await browser.visit('/log');
  expect(page.statusCode).toBe(200);
  expect(page.body).toContain('Signed in as </span>');
  expect(page.body).not.toContain('lead at');
  expect((await browser.ask('/status')).body).not.toContain('Hubs that this service trusts');
});

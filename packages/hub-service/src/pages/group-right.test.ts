import type { IHubState } from '../hubs/hub-state.js';
import { Browser } from './browser.test.data.js';
import { START_MS } from './memory-log.test.data.js';

describe('a right to one group’s records', () => {
  const limited = async (groupsFiltered = true): Promise<Browser> => {
    const browser = await Browser.open({ groupsFiltered });
    const scopes = [
      'access:services',
      'custom:labkeeper:audit!group=lab-a',
      'custom:labkeeper:audit!group=lab-b'
    ];
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes });
    browser.log.add({ groups: ['lab-a'], user: 'anna' });
    browser.log.add({ groups: ['lab-c'], user: 'cleo' });
    browser.log.add({ groups: ['lab-b'], user: 'bert' });
    return browser;
  };

  it('shows those and no others', async () => {
    const browser = await limited();
    const page = (await browser.visit('/log')).body;
    expect(rows(page)).toEqual([0]);
    expect(page).toContain('<option selected="">lab-a</option><option>lab-b</option>');
    expect(rows((await browser.ask('/log?group=lab-b')).body)).toEqual([2]);
    expect((await browser.ask('/log?group=lab-c')).statusCode).toBe(403);
    expect((await browser.ask('/log?group=')).body).not.toContain('cleo');
  });

  it('holds for single records, for what is around them, and for looks', async () => {
    const browser = await limited();
    await browser.visit('/log');
    expect(rows((await browser.ask('/log/2')).body)).toEqual([0, 2]);
    expect((await browser.ask('/log/1')).statusCode).toBe(404);
    expect((await browser.ask('/looks')).statusCode).toBe(403);
  });

  it('is one at this hub: another one in the same log may have a group of that name', async () => {
    const browser = await limited();
    browser.log.add({ hub: 'other', groups: ['lab-a'], user: 'otto' });
    expect(rows((await browser.visit('/log')).body)).toEqual([0]);
    expect((await browser.ask('/log/3')).statusCode).toBe(404);
    expect((await browser.ask('/log/0')).body).not.toContain('otto');
  });

  it('shows on Status neither other hubs nor where the service’s files lie', async () => {
    const trouble = { sentence: '/etc/labkeeper/hubs.toml, line 3: no such key.', todo: 'Mend it.' };
    const hubStates = (): readonly IHubState[] => [
      { id: 'hub', kind: 'misconfigured', heardAtMs: null, trouble, isOfFile: true },
      { id: 'east', kind: 'misconfigured', heardAtMs: null, trouble, isOfFile: true }
    ];
    const browser = await Browser.open({ hubStates });
    expect((await browser.visit('/status')).body).toContain('/etc/labkeeper/hubs.toml');
    const scopes = ['access:services', 'custom:labkeeper:audit!group=lab-a'];
    browser.hub.people.set('lead', { name: 'lead', groups: [], scopes });
    browser.cookies.clear();
    const { body } = await browser.visit('/status');
    expect(body).not.toMatch(/hubs\.toml|east/);
    expect(body).toContain('file of hubs has a mistake about this hub.');
  });

  it('shows on Status not where the service sends to, nor what went wrong there', async () => {
    const target = {
      ...{ name: 'hook.example.org', kind: 'webhook' as const, waiting: 0, dead: 30, lag: null },
      ...{ sentAtMs: START_MS, trouble: 'It answered with status 410.', losses: [] }
    };
    const anchor = {
      ...{ kind: 'witness' as const, place: 'https://witness.example.org', tries: 3, nextAtMs: START_MS },
      ...{ trouble: 'It answered with status 500.', altered: null, newest: 7, newestAtMs: START_MS },
      ...{ waiting: 9, waitingSinceMs: START_MS - 86_400_000 }
    };
    const browser = await Browser.open({
      outgoing: { state: async () => ({ targets: [target], dead: [] }), again: async () => 0 },
      partitions: async () => ({ trouble: 'forbidden' as const, strays: 3, madeUntilMs: START_MS }),
      anchors: { lateMs: 1000, read: async () => [anchor, { ...anchor, altered: 'Digest 3 is another.' }] }
    });
    browser.log.add({ groups: ['lab-a'] });
    const hidden = ['hook.example.org', 'status 410', 'coming months', 'Months are made'];
    const anchored = ['witness.example.org', 'status 500', 'Digest 3 is another.'];
    const all = (await browser.visit('/status')).body;
    for (const text of [...hidden, ...anchored]) {
      expect(all).toContain(text);
    }
    const scopes = ['access:services', 'custom:labkeeper:audit!group=lab-a'];
    const statusOf = async (...more: string[]): Promise<string> => {
      browser.hub.people.set('lead', { name: 'lead', groups: [], scopes: [...scopes, ...more] });
      browser.cookies.clear();
      return (await browser.visit('/status')).body;
    };
    const body = await statusOf();
    for (const text of [...hidden, ...anchored]) {
      expect(body).not.toContain(text);
    }
    // How far it is anchored is what an auditor of one group must know too.
    expect(body).toContain('number 7');
    expect(body).toContain('Witness does not hold what this log says');
    expect(body).toContain('hours for witness.');
    // Who runs Labkeeper sees it whatever she may read.
    expect(await statusOf('custom:labkeeper:admin')).toContain('hook.example.org');
  });

  it('gives nothing where the log cannot be read by group', async () => {
    const browser = await limited(false);
    await browser.visit('/status');
    for (const path of ['/log', '/log/0', '/log?group=lab-a']) {
      const answer = await browser.ask(path);
      expect(answer.statusCode).toBe(403);
      expect(answer.body).toContain('this log cannot be read by group yet');
    }
    expect(browser.log.seen).toEqual([]);
  });
});

/** Numbers of the records in a table, as they stand. */
function rows(page: string): number[] {
  return [...page.matchAll(/<a href="\/log\/(\d+)">#\1<\/a>/g)].map(match => Number(match[1]));
}

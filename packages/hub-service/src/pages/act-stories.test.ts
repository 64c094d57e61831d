import { type Act, ActAction, AuditAction, OffboardPart, type Retirement } from '@labkeeper/protocol';
import type { IActFacts } from '../store/act-facts.js';
import { OWN_HUB } from '../hubs/hub-scope.js';
import { ADMIN_SCOPE } from '../people/admin-right.js';
import { actUnknowns, didWords, machineWords, PARTS } from './act-words.js';
import { Browser } from './browser.test.data.js';
import { START_MS, STREAM } from './memory-log.test.data.js';
import { ACTIONS, DID } from './words.js';

const BOB = '1b4e28ba-2fa1-41d2-883f-0016d3cca427';
const NAMED: IActFacts = { by: 'carol', subject: 'bob', reason: 'Left <b>in</b> May.' };

function actOf(action: ActAction, more: Partial<Act> = {}): Act {
  return {
    ...{ action, atMs: START_MS, hub: 'hub', number: 4, actor: STREAM, subject: BOB, case: '2026-17' },
    ...{ lifts: null, parts: [] },
    ...more
  };
}

async function page(did: Act, facts: IActFacts, rights = [ADMIN_SCOPE]): Promise<string> {
  const browser = await Browser.open();
  browser.hub.people.get('lead')?.scopes.push(...rights);
  browser.log.add({ act: { did, facts }, user: 'labkeeper/service' });
  return (await browser.visit('/log/0')).body;
}

/** Text of the definition behind a term. */
function fact(body: string, term: string): string | undefined {
  const [, text] = new RegExp(`<dt>${term}</dt><dd>(.*?)</dd>`).exec(body) ?? [];
  return text?.replace(/<[^>]+>/g, '');
}

describe('the story of each kind of record', () => {
  it.each(ActAction.options)('has words for the act %j: what it did, who, and what is unknown', action => {
    const act = actOf(action);
    expect(ACTIONS[action]).toMatch(/^[A-Z].+/);
    expect(didWords(act)).toMatch(/^[A-Z].+\.$/);
    expect(machineWords(action)).toMatch(/\w/);
    for (const sentence of actUnknowns(act, {
      act: { by: null, subject: null, reason: null }
    })) {
      expect(sentence).toMatch(/^[A-Z].+\.$/);
    }
  });

  it.each(AuditAction.options)('has words for the record %j', action => {
    expect(ACTIONS[action]).toMatch(/^[A-Z].+/);
    expect(DID[action]).toMatch(/^[A-Z].+\.$/);
  });

  it('has words for everything that an offboarding ends', () => {
    expect(Object.keys(PARTS).sort()).toEqual([...OffboardPart.entries.what.options].sort());
  });
});

describe('the page of an act', () => {
  it('of a hold says who set it, on whom, for which case and why', async () => {
    const body = await page(actOf('hold'), NAMED);
    expect(body).toContain('A legal hold was set.');
    expect(fact(body, 'Done by')).toBe('carol');
    expect(fact(body, 'On')).toBe('bob');
    expect(fact(body, 'Case')).toBe('2026-17');
    expect(fact(body, 'Why')).toContain('Left &lt;b&gt;in&lt;/b&gt; May.');
    expect(body).toContain('href="/log?user=bob"');
    expect(body).toContain('Happened, by the hub&#x27;s clock');
    expect(body).not.toContain('could not be read');
  });

  it('says why only to who sets holds', async () => {
    const body = await page(actOf('hold'), NAMED, []);
    expect(fact(body, 'Done by')).toBe('carol');
    expect(fact(body, 'On')).toBe('bob');
    expect(fact(body, 'Case')).toBe('2026-17');
    expect(body).not.toContain('in May');
    expect(body).toContain('Why is told to administrators of its hub alone');
    expect(body).not.toContain('Why is not known');
    const none = await page(actOf('hold'), { ...NAMED, reason: null }, []);
    expect(none).toContain('Why is not known.');
  });

  it('names nobody to people of another hub', async () => {
    const browser = await Browser.open({ scope: OWN_HUB, reach: () => ['east'] });
    browser.hub.people.get('lead')?.scopes.push(ADMIN_SCOPE);
    const did = actOf('hold', { hub: 'east' });
    browser.log.add({ act: { did, facts: NAMED }, user: 'labkeeper/service', hub: 'east' });
    for (const address of ['/log/0', '/receipt?of=0']) {
      const { body } = await browser.visit(address);
      expect(body).toContain('A legal hold was set.');
      expect(fact(body, 'Done by')).toBe(`not told here, ${STREAM.slice(0, 8)}`);
      expect(fact(body, 'On')).toBe('not told here, 1b4e28ba');
      expect(body).toContain('Who had it done, on whom and why is told to people of its own hub alone.');
      for (const text of ['carol', 'bob', 'in May', 'was erased']) {
        expect(body).not.toContain(text);
      }
    }
  });

  it('of a hold on everybody, and of its end', async () => {
    const all = await page(actOf('hold', { subject: null, case: null }), { ...NAMED, subject: null });
    expect(fact(all, 'On')).toBe('everybody at this hub');
    expect(fact(all, 'Case')).toBe('none was named');
    const lifted = await page(actOf('lift', { number: 5, lifts: 4 }), NAMED);
    expect(fact(lifted, 'Lifts')).toBe('hold 4');
  });

  it('of an offboarding says what ended, what did not, and what nobody knows', async () => {
    const parts: Act['parts'] = [
      { what: 'hold', state: 'done', ended: 0, failed: 0, says: 'A legal hold is on.' },
      {
        what: 'sessions',
        state: 'none',
        ended: 0,
        failed: 0,
        says: 'Whatever browser it was is signed out.'
      },
      { what: 'servers', state: 'done', ended: 2, failed: 0, says: null },
      { what: 'tokens', state: 'failed', ended: 3, failed: 1, says: 'JupyterHub did not answer.' }
    ];
    const body = await page(actOf('offboard', { number: null, actor: null, parts }), {
      ...{ by: null, subject: 'bob', reason: null }
    });
    expect(body).toContain('not all of it could be');
    expect(fact(body, 'Done by')).toBe('no person: a program, such as the firm’s directory');
    for (const text of ['Servers', 'Tokens', 'Not all of it', 'JupyterHub did not answer.']) {
      expect(body).toContain(text);
    }
    expect(body).toContain('What is left of these is not known here: tokens.');
    expect(body).toContain('which this act did not touch: requests, grants.');
    expect(body).not.toContain('Nothing to do');
    expect(body).not.toContain('in the container');
    expect(body).toContain('Why is not kept with this act');
  });

  it('of an erasure names nobody', async () => {
    const body = await page(actOf('erase'), { by: 'carol', subject: null, reason: 'She asked.' });
    expect(fact(body, 'On')).toBe('erased, 1b4e28ba');
    expect(body).toContain('Who it was is not known any more: that is what the act did.');
  });

  it('of retention and of trusted hubs says what it deleted, and what the file says', async () => {
    const retired: Retirement = {
      ...{ log: STREAM, rule: '7 years', days: 2557, policy: 'c'.repeat(64), count: 3, beforeMs: START_MS },
      class: 'disk',
      ranges: [
        [4, 6],
        [9, 10]
      ],
      digests: [1, 2]
    };
    const nobody = { number: null, actor: null, subject: null, case: null };
    const none = { by: null, subject: null, reason: null };
    const gone = await page(actOf('retire', { ...nobody, retired }), none);
    expect(gone).toContain('Retention deleted 3 records');
    expect(fact(gone, 'Their numbers')).toBe('#4 to #5, #9');
    expect(fact(gone, 'Kept for')).toBe('7 years (2,557 days)');
    expect(fact(gone, 'Done by')).toBe('the service itself, as the policy says');
    const entry = {
      ...{ apiUrl: 'http://east/hub/api', publicUrl: 'https://east.example.org/', serviceName: 'lk' },
      ...{ clientId: 'service-lk', secrets: '0123456789abcdef' }
    };
    const trust = { hub: 'east', state: 'changed' as const, changed: ['apiUrl'], entry };
    const trusted = await page(actOf('trust', { ...nobody, trust }), none);
    expect(trusted).toContain('Trusted hub has another entry: the service’s file of hubs says so.');
    expect(fact(trusted, 'Its API')).toBe('http://east/hub/api');
  });
});

it('the page of a request’s record says who did what, under the number that she sees', async () => {
  const browser = await Browser.open();
  const request = '54e42925-2fa1-41d2-883f-0016d3cca427';
  const personal = {
    ...{ salt: '0'.repeat(32), prefix: null, notebook: null, directUrl: null },
    argv: ['deny by lead', 'Use the CPU build.']
  };
  browser.log.add({
    grade: 'hub',
    personal,
    record: {
      ...{ action: 'deny', evidence: [], tool: { name: 'labkeeper', version: null }, outcome: null },
      decision: { effect: 'deny', ruleId: `request ${request}`, policyDigest: 'c'.repeat(64), reason: 'No.' }
    }
  });
  const { body } = await browser.visit('/log/0');
  expect(fact(body, 'Number')).toBe('54e42925');
  expect(fact(body, 'What was done')).toBe('denied it (a request for help: declined it)');
  expect(fact(body, 'By')).toBe('lead');
  expect(fact(body, 'Words')).toBe('Use the CPU build.');
  expect(body).toContain(`href="/requests/${request}"`);
  expect(body).not.toContain('<dt>Command</dt>');
  expect(body).not.toContain('Nothing on the disk confirms it.');
  // What a container writes there is no request of the hub's.
  browser.log.add({ record: { evidence: [{ source: 'ui', ref: `request ${request}` }] } });
  expect((await browser.ask('/log/1')).body).not.toContain('/requests/');
});

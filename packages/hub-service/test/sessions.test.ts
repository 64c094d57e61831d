import { randomBytes } from 'node:crypto';
import { Browser } from '../src/pages/browser.test.data.js';
import type { ISession } from '../src/people/session-store.js';
import { openDatabase, type DatabaseKind, type IDatabase } from '../src/store/database.js';
import { SqlLegal } from '../src/store/sql-legal.js';
import { SqlLogWriter } from '../src/store/sql-log-writer.js';
import { SqlSavedViews } from '../src/store/sql-saved-views.js';
import { SqlSessionStore } from '../src/store/sql-session-store.js';
import { batchOf } from './support/batch-of.js';
import { CompanionStream } from './support/companion-stream.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { type IScratchDatabase } from './support/scratch-databases.js';

jest.setTimeout(60_000);

const SESSION: ISession = {
  ...{ id: 'a', token: 'the token', formToken: 'f', checkedAtMs: 1000, endsAtMs: 2000 },
  person: { hub: 'hub', name: 'lead', groups: ['g'], scopes: ['custom:labkeeper:audit'] }
};

describe.each<DatabaseKind>(['sqlite', 'postgres'])('people at the pages, on %s', kind => {
  let scratch: IScratchDatabase;
  let database: IDatabase;
  const key = randomBytes(32);
  const storeOf = (secret: Uint8Array = key) => new SqlSessionStore(database, secret, () => 1500);

  beforeEach(async () => {
    scratch = await migratedDatabase(kind);
    database = await openDatabase(scratch.place, () => undefined);
  });
  afterEach(async () => {
    await database.close();
    await scratch.remove();
  });

  it('a session is known to every replica until it ends, and its token to nobody who reads the database', async () => {
    await storeOf().keep(SESSION);
    expect(await storeOf().find('a', 1999)).toEqual(SESSION);
    expect(await storeOf().find('a', 2000)).toBeNull();
    const rows = await database.read.selectFrom('session').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain('the token');
    expect(await storeOf(randomBytes(32)).find('a', 1500)).toBeNull();
    await storeOf().end('a');
    expect(await storeOf().find('a', 1500)).toBeNull();
  });

  it('one that has ended is not brought back by an answer that comes late', async () => {
    await storeOf().keep(SESSION);
    expect(await storeOf().renew({ ...SESSION, checkedAtMs: 1600 })).toBe(true);
    expect((await storeOf().find('a', 1500))?.checkedAtMs).toBe(1600);
    await storeOf().end('a');
    expect(await storeOf().renew({ ...SESSION, checkedAtMs: 1700 })).toBe(false);
    expect(await storeOf().find('a', 1500)).toBeNull();
  });

  it('the erasure of a person ends her sessions at once, and nobody else’s', async () => {
    const speaker = { hub: 'hub', user: 'lead', server: '', groups: [] };
    await new SqlLogWriter(database, () => 1500).append([batchOf(speaker, new CompanionStream().batch(1))]);
    await storeOf().keep(SESSION);
    await storeOf().keep({ ...SESSION, id: 'b', person: { ...SESSION.person, name: 'other' } });
    await storeOf().keep({ ...SESSION, id: 'namesake', person: { ...SESSION.person, hub: 'east' } });
    // A replica of the version before does not say whose it is, or at which hub.
    await storeOf().keep({ ...SESSION, id: 'c' });
    await database.write
      .updateTable('session')
      .set({ person: null, hub: null })
      .where('id', '=', 'c')
      .execute();
    await storeOf().keep({ ...SESSION, id: 'd' });
    await database.write.updateTable('session').set({ hub: null }).where('id', '=', 'd').execute();
    await new SqlLegal(database, () => 1500).erase({ hub: 'hub', by: 'other', reason: 'Asked.' }, 'lead');
    expect(await storeOf().find('a', 1500)).toBeNull();
    expect(await storeOf().renew({ ...SESSION, checkedAtMs: 1600 })).toBe(false);
    expect(await storeOf().find('b', 1500)).not.toBeNull();
    expect(await storeOf().find('namesake', 1500)).not.toBeNull();
    expect(await storeOf().find('c', 1500)).toBeNull();
    expect(await storeOf().find('d', 1500)).toBeNull();
  });

  it('a row that was copied over another opens nothing, and what has ended goes', async () => {
    await storeOf().keep(SESSION);
    await storeOf().keep({ ...SESSION, id: 'b', token: 'other' });
    const { sealed } = await database.read
      .selectFrom('session')
      .selectAll()
      .where('id', '=', 'b')
      .executeTakeFirstOrThrow();
    await database.write.updateTable('session').set({ sealed }).where('id', '=', 'a').execute();
    expect(await storeOf().find('a', 1500)).toBeNull();
    await new SqlSessionStore(database, key, () => 5000).keep({ ...SESSION, id: 'c', endsAtMs: 9000 });
    const rows = await database.read.selectFrom('session').select('id').execute();
    expect(rows).toEqual([{ id: 'c' }]);
  });

  it('a sign-in that began at one replica ends at another, and the session goes on after a restart', async () => {
    const signInKey = randomBytes(32);
    const open = () => Browser.open({ store: storeOf(), signInKey });
    const [one, two] = [await open(), await open()];
    const to = String((await one.ask('/status')).headers.location);
    const back = String(one.hub.authorize(to)).replace(one.hub.settings.origin, '');
    one.cookies.forEach((value, name) => two.cookies.set(name, value));
    // JupyterHub is one: what one replica's has given out, the other's knows.
    two.hub.authorize(to);
    const arrival = await two.ask(back);
    expect([arrival.statusCode, arrival.headers.location]).toEqual([302, '/status']);
    const three = await open();
    two.cookies.forEach((value, name) => three.cookies.set(name, value));
    expect((await three.ask('/status')).statusCode).toBe(200);
  });

  it('views are saved, shared, replaced and removed, fifty of one person at most', async () => {
    const views = new SqlSavedViews(database, () => 1);
    const [anna, bert] = [
      { hub: 'hub', owner: 'anna' },
      { hub: 'hub', owner: 'bert' }
    ];
    const view = { name: 'Mine', address: '/log?user=x', isShared: false };
    expect(await views.save(anna, view)).toBe(true);
    expect(await views.save(anna, { ...view, address: '/log?user=y' })).toBe(true);
    expect(await views.save(anna, { ...view, name: 'For all', isShared: true })).toBe(true);
    expect((await views.list(anna)).map(({ name, address }) => [name, address])).toEqual([
      ['For all', '/log?user=x'],
      ['Mine', '/log?user=y']
    ]);
    const [seen, ...more] = await views.list(bert);
    expect([seen?.owner, seen?.name, more.length]).toEqual(['anna', 'For all', 0]);
    expect(await views.list({ hub: 'other', owner: 'bert' })).toEqual([]);
    expect(await views.remove(bert, seen?.id ?? 0)).toBe(false);
    for (let at = 2; at < 50; at += 1) {
      expect(await views.save(anna, { ...view, name: `${at}` })).toBe(true);
    }
    expect(await views.save(anna, { ...view, name: 'one more' })).toBe(false);
    expect(await views.save(anna, { ...view, name: 'Mine', address: '/log?user=z' })).toBe(true);
    expect(await views.remove(anna, seen?.id ?? 0)).toBe(true);
    expect(await views.save(anna, { ...view, name: 'one more' })).toBe(true);
  });

  it('a view is saved from its page, and stands there', async () => {
    const browser = await Browser.open({ views: new SqlSavedViews(database, () => 1) });
    const page = await browser.visit('/log?user=%3Cb%3Ealice&effect=deny');
    expect(page.body).toContain('Save this view');
    const form = Browser.formToken(page.body);
    const post = (url: string, fields: Record<string, string>) =>
      browser.ask(url, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        payload: new URLSearchParams({ form, ...fields }).toString()
      });
    const saved = await post('/views/save', {
      query: 'user=%3Cb%3Ealice&effect=deny',
      name: '<i>Denied',
      shared: 'yes'
    });
    expect([saved.statusCode, saved.headers.location]).toEqual([303, '/log?user=%3Cb%3Ealice&effect=deny']);
    const again = await browser.ask('/log?user=%3Cb%3Ealice&effect=deny');
    expect(again.body).toMatch(/Saved views:.*&lt;i&gt;Denied/);
    expect(again.body).not.toContain('Save this view');
    for (const [fields, status, words] of [
      [{ query: 'user=a', name: '' }, 400, 'A view needs a name'],
      [{ query: 'grade=odd', name: 'x' }, 400, 'can only be one of confirmed, corroborated'],
      [{ query: 'user=a&odd=1', name: 'x' }, 400, 'cannot be saved'],
      [{ query: 'user=a', name: 'x'.repeat(61) }, 400, 'at most 60 characters'],
      [{ query: 'user=a', name: 'x', form: 'other' }, 403, 'not sent from a page of this session']
    ] as const) {
      const answer = await post('/views/save', fields);
      expect(answer.statusCode).toBe(status);
      expect(answer.body).toContain(words);
    }
    const id = /name="view" value="(\d+)"/.exec(again.body)?.[1] ?? '';
    expect((await post('/views/remove', { view: id })).statusCode).toBe(303);
    expect((await post('/views/remove', { view: id })).statusCode).toBe(409);
  });
});

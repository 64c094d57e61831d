import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Act, type HubTrust, HUB_PATHS, parseShape, ticketPath } from '@labkeeper/protocol';
import { pino } from 'pino';
import { FollowHubsFile } from '../src/hubs/follow-hubs-file.js';
import { HubsFile } from '../src/hubs/hubs-file.js';
import { Hubs, type IHubLinks } from '../src/hubs/hubs.js';
import { openFurtherHubs, type IOpenedHubs } from '../src/hubs/open-further-hubs.js';
import { openDatabase, type DatabaseKind } from '../src/store/database.js';
import { refusal } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import { HubStandIn } from './support/hub-stand-in.js';
import { migratedDatabase } from './support/migrated-databases.js';
import { sendBatch } from './support/running-service.js';
import { scratchFolder } from './support/scratch-databases.js';
import { startTwoHubs, type IStaff, type ITwoHubs } from './support/two-hubs.js';

jest.setTimeout(60_000);

const SECRET = 'the-first-secret-of-the-east';
const NEXT = 'the-second-secret-of-the-east';

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 10_000; !(await holds());) {
    expect(performance.now()).toBeLessThan(endMs);
    await pause(20);
  }
}

const entry = (apiUrl: string, more: Readonly<Record<string, string>> = { token: SECRET }): string => {
  const lines = { id: 'east', api_url: apiUrl, public_url: 'http://127.0.0.3:8000/', ...more };
  return `[[hub]]\n${Object.entries(lines)
    .map(([key, value]) => `${key} = "${value}"\n`)
    .join('')}`;
};

/** A hub that knows nobody. */
const linksOf = ({ id }: { readonly id: string }): IHubLinks => ({
  ...{ id, runningServers: null, serverRuns: null, accessApi: null },
  hubApi: { whoIs: () => Promise.resolve(null) }
});

describe.each<DatabaseKind>(['sqlite', 'postgres'])(
  'the file of hubs while the service runs, on %s',
  kind => {
    let folder: ReturnType<typeof scratchFolder>;
    let file: string;
    let service: ITwoHubs;
    let logged: string[];

    beforeEach(() => {
      folder = scratchFolder();
      file = join(folder.path, 'hubs.toml');
      logged = [];
    });
    afterEach(async () => {
      await service.close();
      folder.remove();
    });

    /** @param text - of the file at the start, by the address of the hub `east`. */
    const start = async (text: (apiUrl: string) => string): Promise<void> => {
      service = await startTwoHubs(
        kind,
        {},
        {
          path: file,
          first: hubs => writeFileSync(file, text(hubs.east.apiUrl)),
          logged: line => void logged.push(line)
        }
      );
      service.app.start();
    };
    const token = (): string =>
      service.hubs.east.serverToken(randomUUID().replaceAll('-', ''), 'ada', '', ['course']);
    const ask = (sent: string): Promise<Response> =>
      fetch(`${service.url}${ticketPath('east')}`, {
        method: 'POST',
        headers: { authorization: `token ${sent}` }
      });
    const ticket = async (): Promise<string> =>
      ((await (await ask(token())).json()) as { ticket: string }).ticket;
    const isTrusted = async (): Promise<boolean> => (await ask(token())).status === 200;
    const own = async (held: string): Promise<number> =>
      (await fetch(`${service.url}${HUB_PATHS.own}`, { headers: { authorization: `Bearer ${held}` } }))
        .status;
    const status = async (by: IStaff): Promise<string> => (await by.ask('/status')).body;
    const trusts = async (): Promise<readonly HubTrust[]> => {
      const rows = await service.database.read
        .selectFrom('own_record')
        .select('act')
        .where('action', '=', 'trust')
        .orderBy('id')
        .execute();
      return rows.flatMap(({ act }) => parseShape(Act, act)?.trust ?? []);
    };
    const states = async (): Promise<readonly string[]> =>
      (await trusts()).map(({ hub, state, changed }) => [hub, state, ...changed].join(' '));

    it('trusts a hub that is added: its servers, its people, its commands; the log says so', async () => {
      await start(() => '# none yet\n');
      const west = await service.staff('west');
      expect(await refusal(await ask(token()))).toEqual([403, 'not-a-server']);
      expect((await west.ask('/login')).statusCode).toBe(302);
      expect((await west.ask('/oauth_callback/east')).statusCode).toBe(404);
      writeFileSync(file, entry(service.hubs.east.apiUrl));
      await until(isTrusted);
      const east = await service.staff('east');
      expect((await east.ask('/log')).statusCode).toBe(200);
      expect((await east.call('/api/v1/log')).statusCode).toBe(200);
      expect((await west.ask('/login')).body).toContain('/login?hub=east');
      expect((await west.ask('/oauth_callback/east')).statusCode).toBe(302);
      expect(await status(west)).toContain('east');
      const { records } = (await west.call('/api/v1/log?action=trust')).json<{
        records: { index: number }[];
      }>();
      expect(records).toHaveLength(1);
      expect((await west.ask(`/log/${records[0]?.index}`)).body).toContain(
        'Hub is trusted from now on: east'
      );
      // What the service trusts is its own business, and so at its own hub.
      expect((await east.call('/api/v1/log?action=trust')).json()).toEqual({ records: [], next: null });
      // People of the first hub are limited to theirs from then on.
      const body = new CompanionStream().batch(3);
      expect((await sendBatch(service.url, await ticket(), body)).status).toBe(200);
      expect((await east.call('/api/v1/log')).json()).toMatchObject({
        records: Array(3).fill({ hub: 'east' })
      });
      expect((await west.call('/api/v1/log')).json()).toMatchObject({ records: [{ hub: 'west' }] });
    });

    it('refuses a hub that is taken out: tickets, sessions, tokens; its records stay', async () => {
      await start(entry);
      const [east, held] = [await service.staff('east'), await ticket()];
      expect((await sendBatch(service.url, held, new CompanionStream().batch(3))).status).toBe(200);
      expect([await own(held), (await east.ask('/log')).statusCode]).toEqual([200, 200]);
      writeFileSync(file, '# none any more\n');
      await until(async () => (await own(held)) === 401);
      expect(await refusal(await ask(token()))).toEqual([403, 'not-a-server']);
      expect((await east.call('/api/v1/log')).statusCode).toBe(403);
      expect((await east.ask('/oauth_callback/east')).statusCode).toBe(404);
      expect((await east.ask('/log')).body).not.toContain('ada');
      await until(async () => (await states()).length === 2);
      expect(await states()).toEqual(['east trusted', 'east refused']);
      const { count } = await service.database.read
        .selectFrom('record')
        .innerJoin('person', 'person.id', 'record.person_id')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('person.name', '=', 'ada')
        .executeTakeFirstOrThrow();
      expect(Number(count)).toBe(3);
      const west = await service.staff('west');
      expect((await west.call('/api/v1/log?user=ada')).json()).toEqual({ records: [], next: null });
      // Who was signed in does not come back with the hub.
      writeFileSync(file, entry(service.hubs.east.apiUrl));
      await until(isTrusted);
      expect((await east.ask('/log')).body).toContain('/login?hub=east');
    });

    it('with a mistake changes nothing, says once where it is, and is mended by an edit', async () => {
      await start(entry);
      const west = await service.staff('west');
      const held = await ticket();
      const north = entry('http://127.0.0.9/hub/api').replace('"east"', '"north"');
      for (const [text, said] of [
        [`${north}token_file = "/x"\n`, 'hubs.toml, line 6: expected token or token_file, got both.'],
        [
          `${entry(service.hubs.east.apiUrl)}\n[[hub]]\nid = "x"\n`,
          'hubs.toml, line 7: api_url: expected the address'
        ],
        ['[[hub]\n', 'hubs.toml, line 1, column']
      ] as const) {
        logged.length = 0;
        writeFileSync(file, text);
        await until(async () => (await status(west)).includes(said));
        expect(await status(west)).toContain('The hubs that were trusted before stay as they are.');
        await pause(200);
        const lines = logged.filter(line => line.includes('hubs.toml'));
        expect(lines).toHaveLength(1);
        expect(lines[0]).toContain('The hubs stay as they were.');
        expect(lines[0]).not.toContain(SECRET);
        expect([await own(held), await isTrusted()]).toEqual([200, true]);
      }
      rmSync(file);
      await until(async () => (await status(west)).includes('cannot be read (ENOENT)'));
      expect(await own(held)).toBe(200);
      writeFileSync(file, entry(service.hubs.east.apiUrl));
      await until(async () => !(await status(west)).includes('stay as they are'));
      expect(await states()).toEqual(['east trusted']);
    });

    it('without a byte in it takes no hub out, at a start neither: that is a full disk, or half an edit', async () => {
      await start(entry);
      const west = await service.staff('west');
      const held = await ticket();
      writeFileSync(file, '');
      await until(async () => (await status(west)).includes('because some are trusted, and it is empty'));
      expect([await own(held), await isTrusted()]).toEqual([200, true]);
      const opened = await open(file);
      expect(opened?.troubles).toHaveLength(1);
      expect(await states()).toEqual(['east trusted']);
      writeFileSync(file, '# none any more\n');
      await until(async () => (await states()).includes('east refused'));
      await until(async () => !(await status(west)).includes('it is empty'));
      // There is nothing to keep any more.
      writeFileSync(file, '');
      await pause(200);
      expect(await status(west)).not.toContain('it is empty');
      expect((await open(file))?.troubles).toEqual([]);
    });

    it('with a mistake about a hub tells its people so, and nothing of the service’s machine', async () => {
      await start(entry);
      const [west, east] = [await service.staff('west'), await service.staff('east')];
      const secret = join(folder.path, 'none.token');
      writeFileSync(file, entry(service.hubs.east.apiUrl, { token_file: secret }));
      await until(async () => (await status(west)).includes(secret));
      expect(await status(east)).toContain('file of hubs has a mistake about this hub');
      expect(await status(east)).not.toMatch(/none\.token|hubs\.toml|line \d/);
      const group = ['access:services!service=labkeeper', 'custom:labkeeper:audit!group=course'];
      expect(await status(await service.staff('east', 'eva', group))).not.toContain(folder.path);
    });

    it('uses a token that changes in its own file, and keeps it secret', async () => {
      const secret = join(folder.path, 'east.token');
      writeFileSync(secret, `${SECRET}\n`);
      await start(apiUrl => entry(apiUrl, { token_file: secret }));
      const { east } = service.hubs;
      await until(() => east.seen.has(SECRET));
      const held = await ticket();
      writeFileSync(secret, NEXT);
      await until(() => east.seen.has(NEXT));
      expect(await own(held)).toBe(200);
      expect(await states()).toEqual(['east trusted', 'east changed secrets']);
      // A file that is empty for a moment changes nothing.
      writeFileSync(secret, '');
      await until(() => logged.some(line => line.includes('token_file: expected a file with a text')));
      expect(await isTrusted()).toBe(true);
      const acts = await service.database.read.selectFrom('own_record').select('act').execute();
      expect([JSON.stringify(acts), ...logged].filter(text => /secret-of-the-east/.test(text))).toEqual([]);
    });

    it('asks a hub where it is now, and sends nobody’s tokens there that are of where it was', async () => {
      await start(entry);
      const [moved, sent] = [await HubStandIn.start(), token()];
      try {
        const { ticket: held } = (await (await ask(sent)).json()) as { ticket: string };
        const east = await service.staff('east');
        expect([await own(held), (await east.ask('/log')).statusCode]).toEqual([200, 200]);
        writeFileSync(file, entry(moved.apiUrl));
        await until(async () => (await states()).includes('east changed apiUrl'));
        await until(async () => (await ask(moved.serverToken(randomUUID(), 'eva', ''))).status === 200);
        expect(await refusal(await ask(token()))).toEqual([401, 'token']);
        expect(await own(held)).toBe(401);
        expect((await east.ask('/log')).body).toContain('/login?hub=east');
        // Also when the word about them is too old.
        const later = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 35_000);
        expect(await own(held)).toBe(401);
        expect((await east.ask('/log')).body).toContain('/login?hub=east');
        later.mockRestore();
        expect(moved.seen.has(sent)).toBe(false);
      } finally {
        await moved.close();
      }
    });

    it('that is taken out and comes back revives no token that was revoked', async () => {
      await start(entry);
      const sent = token();
      const { ticket: held } = (await (await ask(sent)).json()) as { ticket: string };
      service.hubs.east.revoke(sent);
      const later = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 25_000);
      expect(await own(held)).toBe(401);
      later.mockRestore();
      writeFileSync(file, '# none\n');
      await until(async () => (await states()).includes('east refused'));
      writeFileSync(file, entry(service.hubs.east.apiUrl));
      await until(isTrusted);
      expect(await own(held)).toBe(401);
    });

    it('is followed where its name is made to lead elsewhere, as a ConfigMap’s is', async () => {
      const mount = join(folder.path, 'mount');
      const put = (version: string, text: string): void => {
        mkdirSync(join(mount, version), { recursive: true });
        writeFileSync(join(mount, version, 'hubs.toml'), text);
        symlinkSync(version, join(mount, 'next'));
        renameSync(join(mount, 'next'), join(mount, '..data'));
      };
      mkdirSync(mount);
      symlinkSync('..data/hubs.toml', join(mount, 'hubs.toml'));
      file = join(mount, 'hubs.toml');
      service = await startTwoHubs(kind, {}, { path: file, first: () => put('one', '') });
      service.app.start();
      put('two', entry(service.hubs.east.apiUrl));
      await until(isTrusted);
      put('three', '# none\n');
      await until(async () => !(await isTrusted()));
    });

    /** As another replica starts. */
    const open = (path: string): Promise<IOpenedHubs | null> =>
      openFurtherHubs({
        ...{ file: path, database: service.database, keys: service.keys, nowMs: Date.now() },
        ...{ timeoutMs: 1, stoppingMs: 1 },
        first: { id: 'west', apiUrl: service.hubs.west.apiUrl, pagesOrigin: null },
        log: { error: () => undefined, warn: () => undefined, info: () => undefined },
        wait: async () => undefined
      });

    it('that a start finds away or wrong makes no act of refusal, and ends no session', async () => {
      await start(entry);
      const east = await service.staff('east');
      const later = join(folder.path, 'later.toml');
      const secret = join(folder.path, 'none.token');
      for (const text of [
        null,
        '[[hub]\n',
        entry(service.hubs.east.apiUrl, { token_file: secret }),
        `${entry('http://127.0.0.9/hub/api').replace('"east"', '"north"')}[[hub]]\nid = "east"\n`
      ]) {
        if (text !== null) {
          writeFileSync(later, text);
        }
        expect((await open(later))?.troubles).toHaveLength(1);
        expect((await east.ask('/log')).statusCode).toBe(200);
      }
      // What is told rightly is put down all the same.
      expect(await states()).toEqual(['east trusted', 'north trusted']);
      expect(await isTrusted()).toBe(true);
    });

    it('that is mended after a start with a mistake is put down as a whole', async () => {
      await start(entry);
      expect(await states()).toEqual(['east trusted']);
      const later = join(folder.path, 'later.toml');
      writeFileSync(later, '[[hub]\n');
      const opened = await open(later);
      const log = pino({ level: 'silent' });
      const hubs = new Hubs({
        first: linksOf({ id: 'west' }),
        ...{ further: opened?.links ?? [], troubles: opened?.troubles ?? [] },
        ...{ log, nowMs: () => 0, monotonicMs: () => 0 }
      });
      if (!opened?.follow) {
        throw new Error('The file is not followed.');
      }
      const follow = new FollowHubsFile({
        ...{ ...opened.follow, hubs, database: service.database, keys: service.keys, log, nowMs: Date.now },
        ...{ known: () => undefined, flush: () => Promise.resolve() },
        lookMs: { usual: 10, settling: 5 }
      });
      follow.start();
      try {
        await pause(100);
        expect(await states()).toEqual(['east trusted']);
        writeFileSync(later, '# all are taken out\n');
        await until(async () => (await states()).length === 2);
        expect(await states()).toEqual(['east trusted', 'east refused']);
      } finally {
        await follow.close();
      }
    });

    it('is one act for all replicas, also where a start finds it changed', async () => {
      await start(entry);
      await open(file);
      expect(await states()).toEqual(['east trusted']);
      // The service that runs reads it too; one with another file would put down its own.
      writeFileSync(file, entry(service.hubs.east.apiUrl, { token: SECRET, service_name: 'lk' }));
      await open(file);
      await open(file);
      expect(await states()).toEqual(['east trusted', 'east changed serviceName clientId']);
    });
  }
);

it('a hub that is taken out is refused also while the database is away; one that is added waits for it', async () => {
  const folder = scratchFolder();
  const scratch = await migratedDatabase('sqlite');
  const database = await openDatabase(scratch.place, () => undefined);
  const path = join(folder.path, 'hubs.toml');
  const write = (...ids: string[]): void =>
    writeFileSync(path, ids.map(id => entry(`http://${id}/hub/api`).replace('"east"', `"${id}"`)).join('\n'));
  const log = pino({ level: 'silent' });
  const hubs = new Hubs({
    first: linksOf({ id: 'west' }),
    further: [linksOf({ id: 'east' })],
    ...{ troubles: [], log, nowMs: () => 0, monotonicMs: () => 0 }
  });
  write('east');
  const file = new HubsFile(path, { id: 'west', apiUrl: null, pagesOrigin: null });
  await file.begin();
  const follow = new FollowHubsFile({
    ...{ file, linksOf, hubs, database, log, nowMs: () => 0 },
    keys: { secret: () => new Uint8Array(32) },
    known: () => undefined,
    flush: () => Promise.resolve(),
    lookMs: { usual: 10, settling: 5 }
  });
  await database.close();
  follow.start();
  try {
    write('north');
    await until(() => hubs.get('east') === undefined);
    await until(() => hubs.troubles.some(({ sentence }) => sentence.includes('is not in force yet')));
    await pause(100);
    expect(hubs.get('north')).toBeUndefined();
  } finally {
    await follow.close();
    await scratch.remove();
    folder.remove();
  }
});

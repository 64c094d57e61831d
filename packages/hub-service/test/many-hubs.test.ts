import { randomUUID } from 'node:crypto';
import { HUB_PATHS, ticketPath } from '@labkeeper/protocol';
import { pino } from 'pino';
import { HubUnavailableError } from '../src/hub-api/hub-api.js';
import {
  HubRoleError,
  serverKey,
  type IRunning,
  type IRunningServersApi
} from '../src/hub-api/running-servers-api.js';
import { Hubs } from '../src/hubs/hubs.js';
import type { DatabaseKind } from '../src/store/database.js';
import { keepFurtherHubs } from '../src/store/further-hubs.js';
import { refusal } from './support/answers.js';
import { CompanionStream } from './support/companion-stream.js';
import { sendBatch, startService, ticketFor } from './support/running-service.js';
import { startTwoHubs, type HubName, type ITwoHubs } from './support/two-hubs.js';

jest.setTimeout(60_000);

const ask = (url: string, token: string, hub: string | null): Promise<Response> =>
  fetch(`${url}${ticketPath(hub)}`, { method: 'POST', headers: { authorization: `token ${token}` } });
const ticketOf = async (response: Response): Promise<string> => {
  const { ticket } = (await response.json()) as { ticket?: string };
  if (ticket === undefined) {
    throw new Error(`No ticket: ${response.status}`);
  }
  return ticket;
};

describe.each<DatabaseKind>(['sqlite', 'postgres'])('servers of two hubs, on %s', kind => {
  let service: ITwoHubs;
  beforeEach(async () => {
    service = await startTwoHubs(kind);
  });
  afterEach(() => service.close());

  /** A server of `ada`; both hubs have one. */
  const token = (hub: HubName, user = 'ada'): string =>
    service.hubs[hub].serverToken(randomUUID().replaceAll('-', ''), user, '', ['course']);
  const own = async (ticket: string): Promise<{ status: number; packages: unknown[] }> => {
    const answer = await fetch(`${service.url}${HUB_PATHS.own}`, {
      headers: { authorization: `Bearer ${ticket}` }
    });
    const { records = [] } = (await answer.json()) as { records?: { packageName: string }[] };
    return { status: answer.status, packages: records.map(({ packageName }) => packageName) };
  };

  it('are whom the hub says that they name, and see what is on record of them alone', async () => {
    const tickets = {
      west: await ticketOf(await ask(service.url, token('west'), 'west')),
      east: await ticketOf(await ask(service.url, token('east'), 'east'))
    };
    for (const hub of ['west', 'east'] as const) {
      const stream = new CompanionStream();
      const body = stream.batch(2, record => ({
        ...record,
        package: record.package && { ...record.package, name: `of-the-${hub}` }
      }));
      expect((await sendBatch(service.url, tickets[hub], body)).status).toBe(200);
    }
    expect((await own(tickets.west)).packages).toEqual(['of-the-west', 'of-the-west']);
    expect((await own(tickets.east)).packages).toEqual(['of-the-east', 'of-the-east']);
    const people = await service.database.read
      .selectFrom('person')
      .innerJoin('hub', 'hub.id', 'person.hub_id')
      .select(['hub.name as hub', 'person.uuid'])
      .where('person.name', '=', 'ada')
      .execute();
    expect(people.map(({ hub }) => hub).sort()).toEqual(['east', 'west']);
    expect(new Set(people.map(({ uuid }) => uuid)).size).toBe(2);
  });

  it('get no ticket with a token of another hub, and that hub alone is asked which is named', async () => {
    const west = token('west');
    const east = token('east');
    const asked = () => [service.hubs.west.asked, service.hubs.east.asked];
    expect(await refusal(await ask(service.url, west, 'east'))).toEqual([401, 'token']);
    expect(asked()).toEqual([0, 1]);
    expect(await refusal(await ask(service.url, east, 'west'))).toEqual([401, 'token']);
    expect(await refusal(await ask(service.url, east, 'nowhere'))).toEqual([403, 'not-a-server']);
    expect(await refusal(await ask(service.url, east, ''))).toEqual([403, 'not-a-server']);
    expect(asked()).toEqual([1, 1]);
    const twice = `${service.url}${HUB_PATHS.ticket}?hub=west&hub=east`;
    const answer = await fetch(twice, { method: 'POST', headers: { authorization: `token ${east}` } });
    expect(await refusal(answer)).toEqual([400, 'malformed']);
    // One that names none is older than the second hub.
    expect((await ask(service.url, token('west'), null)).status).toBe(200);
    expect(await refusal(await ask(service.url, token('east'), null))).toEqual([401, 'token']);
  });

  it('are nobody whose name the service has itself, and write to no stream of its own', async () => {
    for (const name of ['labkeeper/service', 'west/ada', '/']) {
      expect(await refusal(await ask(service.url, token('east', name), 'east'))).toEqual([
        503,
        'unavailable'
      ]);
    }
    const { id } = await service.database.read.selectFrom('log').select('id').executeTakeFirstOrThrow();
    const ticket = await ticketOf(await ask(service.url, token('east'), 'east'));
    const body = new CompanionStream(id).batch(1);
    expect(await refusal(await sendBatch(service.url, ticket, body))).toEqual([400, 'malformed']);
    const people = await service.database.read.selectFrom('person').select('name').execute();
    expect(people.filter(({ name }) => name?.includes('/'))).toEqual([]);
  });

  it('go on while the other hub is away, or answers nonsense', async () => {
    for (const trouble of ['silent', { status: 502, body: 'x' }, { status: 200, body: '{' }] as const) {
      service.hubs.east.trouble = trouble;
      expect((await ask(service.url, token('east'), 'east')).status).toBe(503);
      expect((await ask(service.url, token('west'), 'west')).status).toBe(200);
    }
    // Forty that wait for a hub that does not answer take nobody else's place.
    service.hubs.east.trouble = 'silent';
    const waiting = Array.from({ length: 40 }, () => ask(service.url, token('east'), 'east'));
    expect((await ask(service.url, token('west'), 'west')).status).toBe(200);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual(Array(40).fill(503));
  });

  it('keep what they may send apart from a namesake at the other hub', async () => {
    const west = token('west');
    const statuses: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      statuses.push((await ask(service.url, west, 'west')).status);
    }
    expect(statuses.at(-1)).toBe(429);
    expect((await ask(service.url, token('east'), 'east')).status).toBe(200);
  });
});

class Listed implements IRunningServersApi {
  readonly keys = new Set<string>();
  error: Error | null = null;
  readings = 0;

  async all(): Promise<IRunning> {
    this.readings += 1;
    if (this.error) {
      throw this.error;
    }
    return { servers: new Set(this.keys), tokens: null };
  }
  async has(user: string, server: string): Promise<boolean> {
    return this.keys.has(serverKey(user, server));
  }
}

it('a server that ended at one hub is refused, and its namesake at the other is not', async () => {
  const lists = { west: new Listed(), east: new Listed() };
  const service = await startTwoHubs('sqlite', lists);
  try {
    const tickets: Partial<Record<HubName, string>> = {};
    for (const hub of ['west', 'east'] as const) {
      lists[hub].keys.add(serverKey('ada', ''));
      const token = service.hubs[hub].serverToken(randomUUID(), 'ada', '');
      tickets[hub] = await ticketOf(await ask(service.url, token, hub));
    }
    const status = async (hub: HubName): Promise<number> =>
      (
        await fetch(`${service.url}${HUB_PATHS.own}`, {
          headers: { authorization: `Bearer ${tickets[hub]}` }
        })
      ).status;
    expect([await status('west'), await status('east')]).toEqual([200, 200]);
    lists.east.keys.clear();
    // The clocks of replicas may differ by 5 s: a ticket counts as newer than a list for as long.
    const later = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 6000);
    service.app.start();
    while (lists.west.readings === 0 || lists.east.readings === 0 || (await status('east')) === 200) {
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    expect([await status('west'), await status('east')]).toEqual([200, 401]);
    later.mockRestore();
  } finally {
    await service.close();
  }
});

describe('how it stands with the hubs', () => {
  const links = (id: string, runningServers: IRunningServersApi) => ({
    ...{ id, runningServers, serverRuns: null, accessApi: null },
    hubApi: { whoIs: () => Promise.resolve(null) }
  });

  it('is said of each: connected, away, not let in, or wrongly told', async () => {
    const [west, east, north] = [new Listed(), new Listed(), new Listed()];
    east.error = new HubUnavailableError('JupyterHub does not answer: ECONNREFUSED');
    north.error = new HubRoleError('JupyterHub does not let the service read who has a running server.');
    let nowMs = 1_000_000;
    const lines: string[] = [];
    const hubs = new Hubs({
      first: links('west', west),
      further: [links('east', east), links('north', north)],
      troubles: [{ id: 'south', sentence: 'hubs.toml, line 9: token: expected a text.' }],
      log: pino({}, { write: line => void lines.push(line) }),
      ...{ nowMs: () => nowMs, monotonicMs: () => nowMs }
    });
    expect(hubs.states().map(({ kind }) => kind)).toEqual(['waiting', 'waiting', 'waiting', 'misconfigured']);
    hubs.start();
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(hubs.states().map(({ id, kind, heardAtMs }) => [id, kind, heardAtMs])).toEqual([
      ['west', 'connected', 1_000_000],
      ['east', 'lagging', null],
      ['north', 'misconfigured', null],
      ['south', 'misconfigured', null]
    ]);
    expect(hubs.states()[1]?.trouble?.sentence).toContain('The hub east does not answer');
    expect(hubs.states()[3]?.trouble?.sentence).toBe('hubs.toml, line 9: token: expected a text.');
    expect(lines.map(line => JSON.parse(line))).toMatchObject([{ hub: 'east' }, { hub: 'north' }]);
    nowMs += 600_000;
    expect(hubs.states()[0]).toMatchObject({ kind: 'lagging' });
    hubs.close();
  });
});

it('a service of one hub takes its servers whatever they call it, as it did before they named any', async () => {
  const service = await startService('sqlite');
  try {
    const token = service.hub.serverToken(randomUUID(), 'ada', '');
    const ticket = await ticketOf(await ask(service.url, token, 'prod'));
    const body = new CompanionStream().batch(1);
    expect((await service.send(ticket, body)).status).toBe(200);
    const { hub } = await service.database.read
      .selectFrom('hub')
      .select('name as hub')
      .executeTakeFirstOrThrow();
    expect(hub).toBe('hub');
    expect(await ticketFor(service.url, service.hub.serverToken(randomUUID(), 'eva', ''))).toBeTruthy();
  } finally {
    await service.close();
  }
});

it('a hub that is no longer in the file stays known, so that its records do not become another hub’s', async () => {
  const service = await startTwoHubs('sqlite');
  try {
    expect(await keepFurtherHubs(service.database, [], Date.now())).toBe(true);
  } finally {
    await service.close();
  }
  const alone = await startService('sqlite');
  try {
    expect(await keepFurtherHubs(alone.database, [], Date.now())).toBe(false);
  } finally {
    await alone.close();
  }
});

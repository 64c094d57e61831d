import type { IHubIdentity, IHubPerson } from './hub-identity.js';
import { MemorySessionStore } from './memory-session-store.js';
import { PeopleHubs } from './people-hubs.js';
import type { IPeopleSettings } from './people-settings.js';
import { fingerprint } from './secrets.js';
import { SessionCheck } from './session-check.js';

const LEAD: IHubPerson = { hub: 'hub', name: 'lead', groups: [], scopes: ['access:services'] };

const SETTINGS: IPeopleSettings = {
  ...{ hub: 'hub', serviceName: 'labkeeper', clientId: 'service-labkeeper', secure: true },
  ...{
    origin: 'https://pages.example.org',
    host: 'pages.example.org',
    hubUrl: 'https://hub.example.org/hub/'
  },
  redirectUri: 'https://pages.example.org/oauth_callback'
};

/** A session of `id`, and a hub that answers when the test lets it. */
async function session(id: string, person = LEAD) {
  const store = new MemorySessionStore();
  await store.keep({
    ...{ id: fingerprint(id), token: 't', person, formToken: 'f' },
    ...{ checkedAtMs: 1000, endsAtMs: 1_000_000 }
  });
  const waiting: ((person: IHubPerson | null) => void)[] = [];
  const identity: IHubIdentity = {
    exchange: () => Promise.resolve(null),
    whoami: () => new Promise(resolve => waiting.push(resolve))
  };
  const check = new SessionCheck({
    hubs: new PeopleHubs({ settings: SETTINGS, identity }),
    store,
    nowMs: () => 1000
  });
  return { check, waiting, store };
}

const settled = () => new Promise(resolve => setImmediate(resolve));

describe('whose session it is', () => {
  it('is asked at once for what changes something, not for reading soon after, never for who wants out', async () => {
    const { check, waiting } = await session('a');
    expect((await check.find('a'))?.person).toEqual(LEAD);
    expect((await check.find('a', Infinity))?.person).toEqual(LEAD);
    expect(waiting).toHaveLength(0);
    const fresh = check.find('a', 0);
    await settled();
    expect(waiting).toHaveLength(1);
    waiting[0]?.({ ...LEAD, groups: ['new'] });
    expect((await fresh)?.person.groups).toEqual(['new']);
    // What JupyterHub said is what counts from now on.
    expect((await check.find('a'))?.person.groups).toEqual(['new']);
  });

  it('an answer that comes after the end brings no session back', async () => {
    const { check, waiting } = await session('a');
    const fresh = check.find('a', 0);
    await settled();
    await check.end('a');
    waiting[0]?.(LEAD);
    expect(await fresh).toBeNull();
    expect(await check.find('a')).toBeNull();
  });

  it('one of a hub that is not trusted counts for nothing, and no other hub is asked about it', async () => {
    const { check, waiting, store } = await session('a', { ...LEAD, hub: 'gone' });
    expect(await check.find('a')).toBeNull();
    expect(await check.find('a', 0)).toBeNull();
    expect(waiting).toHaveLength(0);
    // Another replica may trust that hub already.
    expect(await store.find(fingerprint('a'), 1000)).not.toBeNull();
  });

  it('the id in the store opens nothing', async () => {
    const { check } = await session('a');
    expect(await check.find(fingerprint('a'))).toBeNull();
    expect(await check.find(undefined)).toBeNull();
    expect(await check.find('')).toBeNull();
  });
});

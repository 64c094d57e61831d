import { HubUnavailableError, type HubUser } from '../hub-api/hub-api.js';
import { TokenAccess } from './token-access.js';

const LEAD: HubUser = {
  kind: 'user',
  name: 'lead',
  admin: false,
  groups: [],
  scopes: ['access:services!service=labkeeper', 'custom:labkeeper:audit'],
  session_id: null,
  token_id: null
};

describe('who comes with a token', () => {
  let nowMs = 0;
  let asked = 0;
  let answer: () => HubUser | null;
  let access: TokenAccess;
  beforeEach(() => {
    [nowMs, asked, answer] = [0, 0, () => LEAD];
    access = new TokenAccess({
      hub: 'hub',
      hubApi: {
        whoIs: async () => {
          asked += 1;
          return answer();
        }
      },
      serviceName: 'labkeeper',
      monotonicMs: () => nowMs
    });
  });
  const come = (isFresh: boolean, header: string | undefined = 'Bearer abcdefgh12345678') =>
    access.person(header, isFresh);

  it('is whom JupyterHub names; for reading its word counts 30 s, for changes it is asked each time', async () => {
    expect((await come(false)).name).toBe('lead');
    await come(false);
    expect(asked).toBe(1);
    await come(true);
    expect(asked).toBe(2);
    nowMs += 30_000;
    await come(false);
    expect(asked).toBe(3);
  });

  it('is nobody when the token was revoked, and the word from before no longer counts', async () => {
    await come(false);
    answer = () => null;
    await expect(come(true)).rejects.toMatchObject({ status: 401 });
    await expect(come(false)).rejects.toMatchObject({ status: 401 });
  });

  it.each([
    ['of a server', { ...LEAD, scopes: [...LEAD.scopes, 'access:servers!server=lead/'] }],
    ['of a service', { ...LEAD, kind: 'service' }],
    ['without access to this service', { ...LEAD, scopes: ['custom:labkeeper:audit'] }]
  ])('is nobody with a token %s', async (_what, user) => {
    answer = () => user;
    await expect(come(true)).rejects.toMatchObject({ status: 403 });
  });

  it.each([undefined, '', 'Bearer', 'Bearer short', 'Basic abcdefgh12345678', `Bearer ${'x'.repeat(129)}`])(
    'is nobody with the header %j, and JupyterHub is not asked',
    async header => {
      await expect(access.person(header, true)).rejects.toMatchObject({ status: 401 });
      expect(asked).toBe(0);
    }
  );

  it('waits while JupyterHub is away, and where made-up tokens come in masses', async () => {
    answer = () => {
      throw new HubUnavailableError('away');
    };
    await expect(come(true)).rejects.toMatchObject({ status: 503, retryAfterMs: 5000 });
    answer = () => null;
    const statuses = [];
    for (let i = 0; i < 60; i += 1) {
      const refused = await come(false, `Bearer made-up-token-${i}`).catch((error: unknown) => error);
      statuses.push((refused as { status: number }).status);
    }
    expect(asked).toBeLessThanOrEqual(41);
    expect(statuses.at(-1)).toBe(429);
  });
});

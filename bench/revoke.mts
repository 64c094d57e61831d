// revoke.seconds: how long a server whose rights JupyterHub took away is still served by the hub service on any route. A
// real JupyterHub 6.1.1 with real servers; tokens are deleted, servers stopped, users deleted at random moments. The time is
// from the request to JupyterHub to the refusal on the last route that gave in.
import { setTimeout as pause } from 'node:timers/promises';
import { whenQuiet } from './lib/machine.mts';
import { record } from './lib/result.mts';
import { RevokeHub, usersOf } from './lib/revoke-hub.mts';
import { RevokedServer, ROUTES } from './lib/revoked-server.mts';
import { extent, times } from './lib/trial.mts';

const REVOKED = times(52, 8);
/** Servers to which nothing happens, and which are served to the end. */
const LEFT_ALONE = 4;
/** All moments lie within this time, in ms. */
const OVER_MS = extent(100_000, 20_000);
/** So long each is looked at after that, in ms: long enough to see one that is served for too long. */
const WATCH_MS = 60_000;

await whenQuiet();
const revoked = usersOf(REVOKED);
const alone = Array.from({ length: LEFT_ALONE }, (_, i) => `stays-${i}`);
const names = [...revoked.map(({ name }) => name), ...alone];
const hub = await RevokeHub.start(26_310, names);
try {
  const tokens = await hub.startServers(names);
  const servers = new Map(
    names.map(name => [name, new RevokedServer(hub.serviceUrl, tokens.get(name) ?? '')])
  );
  for (const server of servers.values()) await server.enter();
  let isOver = false;
  const running = [...servers.values()].map(server => server.run(() => isOver));
  const observed = await Promise.all(
    revoked.map(async user => {
      await pause(2000 + Math.random() * OVER_MS);
      const atMs = Date.now();
      await hub.revoke(user);
      const doneAtMs = Date.now();
      await pause(WATCH_MS);
      const server = servers.get(user.name);
      if (!server) throw new Error(`${user.name} has no server`);
      const byRoute = Object.fromEntries(
        ROUTES.map(route => {
          const { refusedAtMs, lastServedAtMs } = server.times[route];
          if (lastServedAtMs === 0) throw new Error(`${user.name} was never served on ${route}`);
          return [route, refusedAtMs === null ? Infinity : (refusedAtMs - atMs) / 1000];
        })
      );
      const hubS = (doneAtMs - atMs) / 1000;
      return { way: user.way, seconds: Math.max(...Object.values(byRoute)), hubS, byRoute };
    })
  );
  const stillServed = alone.map(name => {
    const own = servers.get(name)?.times.own;
    return own !== undefined && own.refusedAtMs === null && Date.now() - own.lastServedAtMs < 10_000;
  });
  if (stillServed.includes(false)) throw new Error('a server that nobody revoked was refused');
  isOver = true;
  await Promise.all(running);
  const others: Record<string, number> = {};
  for (const server of servers.values()) {
    for (const [name, count] of Object.entries(server.others)) others[name] = (others[name] ?? 0) + count;
  }
  record(
    {
      id: 'revoke.seconds',
      what: `until a server whose rights JupyterHub took away is refused on every route, worst of ${REVOKED}: tokens deleted, servers stopped (with and without their token), users deleted`,
      unit: 's',
      value: Math.max(...observed.map(({ seconds }) => seconds)),
      n: REVOKED,
      samples: { observed, leftAlone: LEFT_ALONE, others }
    },
    'revoke'
  );
} finally {
  await hub.stop();
}

import { execFileSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { BlindSender } from '../../../bench/lib/blind-sender.mts';
import { type ClusterKill, OwnCluster } from '../../../bench/lib/own-cluster.mts';
import { checkLog } from '../../../bench/lib/stored-log.mts';
import { freePort } from './support/free-port.js';
import { startService } from './support/running-service.js';

jest.setTimeout(180_000);

/** Why there can be no PostgreSQL of our own here; null = there can. */
function whyNot(): string | null {
  try {
    execFileSync('initdb', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'there is no initdb here';
  }
}

const reason = whyNot();
const itWithCluster = reason === null ? it : it.skip;

itWithCluster(
  `PostgreSQL killed and restarted under load: one clear answer meanwhile, and nothing lost or there twice${reason === null ? '' : `: skipped, ${reason}`}`,
  async () => {
    const cluster = OwnCluster.make(await freePort());
    try {
      await cluster.start();
      const service = await startService('postgres', {}, null, { kind: 'postgres', url: cluster.url });
      const answers = new Set<string>();
      try {
        const senders = Array.from(
          { length: 4 },
          (_, i) =>
            new BlindSender(service.url, service.hub.serverToken(`token-of-${i}-0123456789`, `user-${i}`, ''))
        );
        senders.forEach(sender => (sender.refused = answer => void answers.add(answer)));
        let isOver = false;
        const sending = Promise.all(senders.map(sender => sender.run(() => isOver)));
        const kills: ClusterKill[] = ['postmaster', 'backend', 'all', 'backend', 'all', 'backend'];
        for (const kill of kills) {
          const before = senders.map(({ acknowledged }) => acknowledged);
          while (senders.some(({ acknowledged }, i) => acknowledged === before[i])) {
            await pause(10);
          }
          expect(await cluster.kill(kill)).toBe(true);
          await pause(100);
          await cluster.start();
        }
        await pause(500);
        isOver = true;
        await sending;
        const promised = senders.flatMap(sender => sender.promised);
        expect(promised.length).toBe(senders.length);
        const { lost, twice, wrong } = await checkLog({ url: cluster.url }, promised);
        expect({ lost, twice, wrong }).toEqual({ lost: 0, twice: 0, wrong: [] });
        expect([...answers]).toEqual(['{"code":"unavailable","message":"The log cannot be written now."}']);
      } finally {
        await service.close();
      }
    } finally {
      await cluster.remove();
    }
  }
);

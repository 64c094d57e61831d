// A process of many companions; bench/lib/fleet.mts starts it and gives it orders.
import type { SwitchablePart } from '../../packages/protocol/lib/index.js';
import { FleetCompanion } from './fleet-companion.mts';
import type { FleetOrder, IFleetReport } from './fleet-messages.mts';

const companions: FleetCompanion[] = [];
const told: ({ readonly atMs: number; readonly off: readonly SwitchablePart[] } | null)[] = [];
const seconds: Record<string, Record<string, number>> = {};

function count(name: string): void {
  const second = (seconds[Math.floor(Date.now() / 1000)] ??= {});
  second[name] = (second[name] ?? 0) + 1;
}

function start({ serviceUrl, tokens, overMs, recordsPerMinute }: FleetOrder & { do: 'start' }): void {
  tokens.forEach((token, i) => {
    told.push(null);
    const companion = new FleetCompanion({
      serviceUrl: new URL(serviceUrl),
      ...{ token, recordsPerMinute },
      count: { asked: count, answered: (what, result) => count(`${what} ${result}`) },
      switched: off => (told[i] = { atMs: Date.now(), off: [...off] })
    });
    companions.push(companion);
    setTimeout(() => void companion.start(), (overMs * i) / tokens.length);
  });
}

function report(): IFleetReport {
  const { user, system } = process.cpuUsage();
  return {
    backAtMs: companions.map(({ backAtMs }) => backAtMs),
    waiting: companions.reduce((sum, { waiting }) => sum + waiting, 0),
    ...{ told, seconds },
    cpuMs: (user + system) / 1000
  };
}

process.on('message', (order: FleetOrder) => {
  if (order.do === 'start') start(order);
  else if (order.do === 'cut') companions.forEach(companion => companion.cut(Date.now()));
  else if (order.do === 'report') process.send?.(report());
  else process.exit(0);
});
process.on('disconnect', () => process.exit(0));

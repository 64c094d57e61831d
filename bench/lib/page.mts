import {
  type Death,
  type Notice,
  PROTOCOL,
  Receiver,
  type Sample,
  companionHello,
  deathSeen,
  deathsKnown,
  encode,
  noticeGiven,
  pageHello,
  sampleTaken
} from '../../packages/protocol/lib/index.js';
import type { IServer } from './server.mts';

/** What a page hears, without a page. */
export interface IPage {
  readonly deaths: Death[];
  readonly notices: Notice[];
  readonly samples: Sample[];
  /** The first death (also one already heard) that satisfies `wanted`, with the time at which it arrived. */
  death(
    wanted: (death: Death) => boolean,
    patienceMs?: number
  ): Promise<{ death: Death; arrivedAtMs: number }>;
  notice(wanted: (notice: Notice) => boolean, patienceMs?: number): Promise<Notice>;
  close(): void;
}

/** Connects to the companion as a page does. */
export async function openPage(server: Pick<IServer, 'url' | 'token'>): Promise<IPage> {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/labkeeper/ws?token=${server.token}`);
  const deaths: Death[] = [];
  const notices: Notice[] = [];
  const samples: Sample[] = [];
  const arrivals = new Map<Death, number>();
  const listeners = new Set<() => void>();
  const heard = (death: Death) => {
    deaths.push(death);
    arrivals.set(death, Date.now());
    for (const listener of [...listeners]) listener();
  };
  const receiver = new Receiver()
    .on(companionHello, () => undefined)
    .on(deathSeen, heard)
    .on(deathsKnown, params => params.deaths.forEach(heard))
    .on(noticeGiven, notice => {
      notices.push(notice);
      for (const listener of [...listeners]) listener();
    })
    .on(sampleTaken, sample => void samples.push(sample));
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error('the companion does not answer'));
  });
  socket.onmessage = event => void receiver.receive(String(event.data));
  socket.send(encode(pageHello, { protocol: PROTOCOL, build: 'bench', client: 'page', visible: true }));
  const waitFor = <T,>(find: () => T | undefined, what: string, patienceMs: number) =>
    new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => {
        listeners.delete(look);
        reject(new Error(`no ${what} within ${patienceMs} ms`));
      }, patienceMs);
      const look = () => {
        const found = find();
        if (found === undefined) return;
        clearTimeout(timer);
        listeners.delete(look);
        resolve(found);
      };
      listeners.add(look);
      look();
    });
  return {
    deaths,
    notices,
    samples,
    death: async (wanted, patienceMs = 15_000) => {
      const death = await waitFor(() => deaths.find(wanted), 'death', patienceMs);
      return { death, arrivedAtMs: arrivals.get(death) ?? 0 };
    },
    notice: (wanted, patienceMs = 15_000) => waitFor(() => notices.find(wanted), 'notice', patienceMs),
    close: () => socket.close()
  };
}

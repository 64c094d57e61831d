import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import {
  KernelSubscription,
  noCounts,
  type ISubscriptionEvents,
  type SubscriptionState
} from '../../src/iopub/kernel-subscription.js';
import { until } from '../until.js';
import { scratch } from '../wire.js';
import { FakePublisher, signedParts, type IPublisherOptions } from './fake-publisher.js';

const KEY = 'secret';
const folder = scratch();
const path = join(folder.path, 'kernel-1.json');
let publisher: FakePublisher | null = null;
let subscription: KernelSubscription | null = null;

/** What a subscription told. */
class Told implements ISubscriptionEvents {
  readonly events: string[] = [];
  readonly counts = noCounts();
  states: SubscriptionState[] = [];

  get state(): SubscriptionState | undefined {
    return this.states.at(-1);
  }

  message({ type, parentId }: { type: string; parentId: string | null }): void {
    this.events.push(`${type} of ${parentId}`);
  }

  skipped({ type, bytes }: { type: string; bytes: number }): void {
    this.events.push(`skipped ${type} ${bytes > 1000}`);
  }

  lost(): void {
    this.events.push('lost');
  }

  ended(): void {
    this.events.push('ended');
  }

  changed(state: SubscriptionState): void {
    this.states.push(state);
  }
}

function writeFile(changes: object = {}): void {
  const file = { ip: '127.0.0.1', transport: 'tcp', key: KEY, signature_scheme: 'hmac-sha256', ...changes };
  writeFileSync(path, JSON.stringify({ iopub_port: publisher?.port ?? 1, ...file }), { mode: 0o600 });
}

async function kernel(options: IPublisherOptions = {}, at: string | number = 0): Promise<FakePublisher> {
  publisher = await FakePublisher.start(options, at);
  return publisher;
}

function subscribe(at = path): Told {
  const told = new Told();
  subscription = new KernelSubscription({
    path: at,
    clock: systemClock,
    messageBytes: 1000,
    events: told,
    counts: told.counts
  });
  return told;
}

const print = (msgId: string, text = 'x') =>
  signedParts(KEY, 'stream', { name: 'stdout', text }, { msg_id: msgId });

afterEach(async () => {
  subscription?.dispose();
  await publisher?.stop();
  publisher = null;
  rmSync(path, { force: true });
});

afterAll(() => folder.remove());

describe('a subscription to a kernel', () => {
  it('hears what the kernel publishes', async () => {
    const { publish } = bound(await kernel());
    writeFile();
    const told = subscribe();
    await until(() => told.state?.is === 'subscribed');
    publish(print('a'));
    publish(print('b', 'y'.repeat(2000)));
    publish(signedParts('another key', 'stream', { name: 'stdout', text: 'forged' }, { msg_id: 'c' }));
    publish(print('d'));
    await until(() => told.events.length === 3);
    expect(told.events).toEqual(['stream of a', 'skipped stream true', 'stream of d']);
    expect(told.counts).toMatchObject({ connections: 1, read: 2, skipped: 1, unsigned: 1 });
  });

  it('hears a kernel at a unix socket', async () => {
    const { publish } = bound(await kernel({}, join(folder.path, 'ipc-1')));
    writeFile({ transport: 'ipc', ip: join(folder.path, 'ipc'), iopub_port: 1 });
    const told = subscribe();
    await until(() => told.state?.is === 'subscribed');
    publish(print('a'));
    await until(() => told.events.includes('stream of a'));
  });

  it('goes on after restarts, in which the file stays and connections close again and again', async () => {
    const first = await kernel();
    writeFile();
    const told = subscribe();
    for (let restart = 0; restart < 3; restart += 1) {
      await until(() => told.state?.is === 'subscribed');
      first.hangUp();
      await until(() => told.state?.is === 'connecting');
    }
    await first.stop();
    publisher = null;
    await until(() => {
      const { state } = told;
      return state?.is === 'connecting' && state.trouble === 'unreachable';
    });
    const second = await kernel({}, 0);
    writeFile();
    await until(() => told.state?.is === 'subscribed');
    second.publish(...print('new'));
    await until(() => told.events.includes('stream of new'));
    expect(told.events).toEqual(['lost', 'lost', 'lost', 'stream of new']);
  });

  it('ends when the file is gone, also while the connection stands', async () => {
    await kernel();
    writeFile();
    const told = subscribe();
    await until(() => told.state?.is === 'subscribed');
    rmSync(path);
    await until(() => told.state?.is === 'over');
    expect(told.events).toEqual(['lost', 'ended']);
  });

  it('does not end when the file is only written anew', async () => {
    await kernel();
    writeFile();
    const told = subscribe();
    await until(() => told.state?.is === 'subscribed');
    rmSync(path);
    writeFile();
    await new Promise(resolve => setTimeout(resolve, 800));
    expect(told.state?.is).toBe('subscribed');
  });

  it('ends where there is no file, nor a folder', async () => {
    const told = subscribe(join(folder.path, 'no', 'kernel.json'));
    await until(() => told.events.includes('ended'));
  });

  it('waits for a file that is not whole yet', async () => {
    await kernel();
    writeFileSync(path, '{"ip": "127.0');
    const told = subscribe();
    await until(() => told.states.length > 0);
    expect(told.state).toMatchObject({ is: 'connecting', trouble: 'malformed' });
    writeFile();
    await until(() => told.state?.is === 'subscribed');
  });

  it.each<[string, IPublisherOptions, object]>([
    ['mechanism', { mechanism: 'CURVE' }, {}],
    ['protocol', { instead: Buffer.from('SSH-2.0-OpenSSH\r\n') }, {}],
    ['encrypted', {}, { curve_publickey: 'x' }],
    ['unreachable', {}, { iopub_port: 1 }]
  ])('says %s while it cannot', async (trouble, options, changes) => {
    await kernel(options);
    writeFile(changes);
    const told = subscribe();
    await until(() => told.states.length > 1);
    expect(told.states.every(state => state.is === 'connecting' && state.trouble === trouble)).toBe(true);
    expect(told.events).toEqual([]);
  });

  it('tells nothing after it was disposed', async () => {
    const first = await kernel();
    writeFile();
    const told = subscribe();
    await until(() => told.state?.is === 'subscribed');
    subscription?.dispose();
    first.publish(...print('late'));
    first.hangUp();
    rmSync(path);
    await new Promise(resolve => setTimeout(resolve, 700));
    expect(told.events).toEqual([]);
    expect(told.state?.is).toBe('subscribed');
  });
});

function bound(of: FakePublisher): { publish: (parts: readonly Buffer[]) => void } {
  return { publish: parts => of.publish(...parts) };
}

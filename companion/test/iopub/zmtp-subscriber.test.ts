import { systemClock } from '../../src/clock.js';
import type { IFrameHandler } from '../../src/iopub/zmtp-frames.js';
import { ZmtpSubscriber, type IRefusal } from '../../src/iopub/zmtp-subscriber.js';
import { FakeClock } from '../fake-clock.js';
import { until } from '../until.js';
import { FakePublisher, type IPublisherOptions } from './fake-publisher.js';

let publisher: FakePublisher;

/** A subscriber at the publisher, and what it told. */
class Subscriber {
  ready = 0;
  closed: (IRefusal | null)[] = [];
  readonly parts: string[] = [];
  readonly subscriber: ZmtpSubscriber;

  constructor(clock = systemClock) {
    const messages: IFrameHandler = {
      begins: ({ bytes }) => bytes < 1000,
      ends: ({ hasMore }, body) => void this.parts.push(body.toString() + (hasMore ? '+' : '')),
      skipped: ({ bytes }) => void this.parts.push(`skipped ${bytes}`)
    };
    this.subscriber = new ZmtpSubscriber({
      at: { host: '127.0.0.1', port: publisher.port },
      clock,
      messages,
      ready: () => (this.ready += 1),
      closed: refusal => void this.closed.push(refusal)
    });
  }
}

async function subscribed(options: IPublisherOptions = {}): Promise<Subscriber> {
  publisher = await FakePublisher.start(options);
  const subscriber = new Subscriber();
  await until(() => publisher.heard.includes('topic:'));
  return subscriber;
}

async function refused(options: IPublisherOptions): Promise<IRefusal | null | undefined> {
  publisher = await FakePublisher.start(options);
  const { closed } = new Subscriber();
  await until(() => closed.length > 0);
  expect(publisher.heard).not.toContain('topic:');
  return closed[0];
}

afterEach(() => publisher.stop());

describe('a subscriber', () => {
  it.each([{}, { minor: 0 }, { socketType: 'XPUB' }, { slowly: true }, { major: 4 }])(
    'shakes hands, subscribes and hears a publisher that is %p',
    async options => {
      const subscriber = await subscribed(options);
      expect(publisher.heard).toEqual(['READY', 'topic:']);
      publisher.publish(Buffer.from('topic'), Buffer.alloc(2000), Buffer.from('end'));
      await until(() => subscriber.parts.length === 3);
      expect(subscriber.parts).toEqual(['topic+', 'skipped 2000', 'end']);
      expect(subscriber.ready).toBe(1);
    }
  );

  it('answers PING with its context', async () => {
    await subscribed();
    publisher.command('PING', Buffer.from([0, 10, 1, 2, 3]));
    await until(() => publisher.pong !== null);
    expect([...(publisher.pong ?? [])]).toEqual([1, 2, 3]);
  });

  it('does not mind commands that it does not know, or a second READY', async () => {
    const subscriber = await subscribed();
    publisher.command('WHATEVER', Buffer.alloc(300));
    publisher.command(
      'READY',
      Buffer.from([11, ...Buffer.from('Socket-Type'), 0, 0, 0, 3, ...Buffer.from('PUB')])
    );
    publisher.publish(Buffer.from('still here'));
    await until(() => subscriber.parts.length === 1);
    expect(subscriber.ready).toBe(1);
    expect(subscriber.closed).toEqual([]);
  });

  it.each<[string, IPublisherOptions, IRefusal]>([
    ['encrypts', { mechanism: 'CURVE' }, { reason: 'mechanism', text: 'CURVE' }],
    ['wants a password', { mechanism: 'PLAIN' }, { reason: 'mechanism', text: 'PLAIN' }],
    ['speaks an older protocol', { major: 2, minor: 0 }, { reason: 'protocol', text: 'ZMTP 2.0.' }],
    ['publishes nothing', { socketType: 'ROUTER' }, { reason: 'socket-type', text: 'ROUTER' }],
    [
      'is something else',
      { instead: Buffer.from('HTTP/1.1 400') },
      { reason: 'protocol', text: 'Not a greeting.' }
    ]
  ])('refuses a publisher that %s', async (_, options, refusal) => {
    expect(await refused(options)).toEqual(refusal);
  });

  it('refuses a publisher that says ERROR', async () => {
    const subscriber = await subscribed();
    publisher.command('ERROR', Buffer.from([4, ...Buffer.from('nope')]));
    await until(() => subscriber.closed.length > 0);
    expect(subscriber.closed).toEqual([{ reason: 'refused', text: 'nope' }]);
  });

  it.each([
    ['a command that is too long', Buffer.from([6, 0, 0, 0, 0, 0, 2, 0, 0])],
    ['a command without a name', Buffer.from([4, 0])],
    ['reserved flags', Buffer.from([0x80, 0])]
  ])('refuses %s', async (_, bytes) => {
    const subscriber = await subscribed();
    publisher.send(bytes);
    await until(() => subscriber.closed.length > 0);
    expect(subscriber.closed[0]?.reason).toBe('protocol');
  });

  it('gives up a publisher that says nothing', async () => {
    publisher = await FakePublisher.start({ instead: Buffer.from([0xff]) });
    const clock = new FakeClock();
    const subscriber = new Subscriber(clock);
    await until(() => publisher.connections === 1);
    clock.advance(5000);
    expect(subscriber.closed).toEqual([{ reason: 'silent', text: 'The handshake took too long.' }]);
  });

  it('tells once that the connection is over, and nothing after it was disposed', async () => {
    const subscriber = await subscribed();
    publisher.hangUp();
    await until(() => subscriber.closed.length > 0);
    expect(subscriber.closed).toEqual([null]);
    const other = new Subscriber();
    await until(() => other.ready === 1);
    other.subscriber.dispose();
    publisher.publish(Buffer.from('too late'));
    publisher.hangUp();
    await new Promise(resolve => setTimeout(resolve, 50));
    expect(other.closed).toEqual([]);
    expect(other.parts).toEqual([]);
  });
});

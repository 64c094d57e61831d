import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { systemClock } from '../../src/clock.js';
import { ZmtpSubscriber } from '../../src/iopub/zmtp-subscriber.js';
import { until } from '../until.js';

/** A publisher of libzmq that can ask for signs of life; each line it reads makes it send a message of such parts. */
const PUBLISHER = `
import sys, zmq
socket = zmq.Context().socket(getattr(zmq, sys.argv[1]))
socket.heartbeat_ivl = int(sys.argv[2])
socket.heartbeat_timeout = 4 * socket.heartbeat_ivl
print(socket.bind_to_random_port("tcp://127.0.0.1"), flush=True)
for line in sys.stdin:
    socket.send_multipart([bytes([int(size) % 251]) * int(size) for size in line.split()])
`;

const missing =
  spawnSync('python3', ['-c', 'import zmq']).status === 0 ? null : 'There is no python3 with pyzmq.';
if (missing) {
  console.log(missing);
}

(missing ? describe.skip : describe)('with libzmq', () => {
  let child: ChildProcess;
  let subscriber: ZmtpSubscriber;
  const heard: string[] = [];
  let closed = 0;
  let isReady = false;

  async function subscribe(socketType: string, heartbeatMs = 0): Promise<void> {
    heard.length = 0;
    closed = 0;
    isReady = false;
    child = spawn('python3', ['-c', PUBLISHER, socketType, String(heartbeatMs)], {
      stdio: ['pipe', 'pipe', 'inherit']
    });
    const [line] = child.stdout ? await once(child.stdout, 'data') : ['0'];
    let sizes: string[] = [];
    subscriber = new ZmtpSubscriber({
      at: { host: '127.0.0.1', port: Number(String(line)) },
      clock: systemClock,
      messages: {
        begins: () => true,
        ends: ({ hasMore }, body) => {
          const isIntact = body.equals(Buffer.alloc(body.length, body.length % 251));
          sizes.push(isIntact ? String(body.length) : 'damaged');
          if (!hasMore) {
            heard.push(sizes.join(' '));
            sizes = [];
          }
        },
        skipped: () => undefined
      },
      ready: () => (isReady = true),
      closed: () => (closed += 1)
    });
    await until(() => isReady);
    // The publisher has no word for "subscribed": it is when a message comes.
    while (heard.length === 0) {
      child.stdin?.write('1\n');
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    await new Promise(resolve => setTimeout(resolve, 100));
    heard.length = 0;
  }

  afterEach(async () => {
    subscriber.dispose();
    child.stdin?.end();
    await once(child, 'exit');
  });

  it.each(['PUB', 'XPUB'])(
    'messages of a %s arrive whole, whatever the size of their parts',
    async type => {
      await subscribe(type);
      const messages = ['0', '0 0 1', '254 255 256 257', '65535 65536 65537', '3000000 1', '8192 0 70000 5'];
      const sent = Array.from({ length: 50 }, () => messages).flat();
      for (const message of sent) {
        child.stdin?.write(`${message}\n`);
      }
      await until(() => heard.length === sent.length);
      expect(heard).toEqual(sent);
    },
    30_000
  );

  it('a publisher that asks for signs of life gets them', async () => {
    await subscribe('PUB', 250);
    await new Promise(resolve => setTimeout(resolve, 1500));
    child.stdin?.write('7\n');
    await until(() => heard.length === 1);
    expect(closed).toBe(0);
  }, 30_000);
});

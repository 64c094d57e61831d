import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { SendError } from '../src/outgoing/failures.js';
import { sendSyslog } from '../src/outgoing/syslog-send.js';
import { SyslogReceiver } from './support/receivers.js';

/** More than a connection holds on its way. */
const MUCH = Array.from({ length: 8000 }, () => 'x'.repeat(2000));

const send = (port: number, lines: readonly string[]): Promise<void> =>
  sendSyslog({
    url: new URL(`tcp://127.0.0.1:${port}`),
    ...{ lines, allowInternal: '127.0.0.1', ca: null, timeoutMs: 10_000 }
  });
const portOf = (server: Server): number => {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
};

describe('a batch for a syslog receiver', () => {
  it('is taken by one that ends after it has read everything', async () => {
    const receiver = await SyslogReceiver.start();
    await send(receiver.port, MUCH);
    expect(receiver.messages).toHaveLength(MUCH.length);
    await receiver.close();
  });

  it('is not taken by one that ends in good order before it has everything', async () => {
    // As a balancer does that finds nobody behind it.
    const server = createServer({ allowHalfOpen: true }, socket => {
      socket.on('error', () => undefined);
      socket.end();
      setTimeout(() => socket.resume(), 200);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const sent = send(portOf(server), MUCH);
    await expect(sent).rejects.toThrow(SendError);
    await expect(sent).rejects.toThrow('it ended the connection before it had everything');
    server.close();
    await once(server, 'close');
  });
});

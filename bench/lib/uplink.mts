import { type AddressInfo, createServer, connect, type Socket } from 'node:net';

const STEP_MS = 10;
/** As much of one connection is sent at a time: about one packet. */
const PACKET_BYTES = 1460;
/** So much is left of a burst when nothing was sent for a while, in seconds. */
const BURST_S = 0.05;

/** A way to a server on which everything that is sent to it shares one rate, fairly between connections. */
export interface IUplink {
  readonly port: number;
  /** Bytes that went to the server. */
  readonly sent: () => number;
  close(): Promise<void>;
}

interface IWaiting {
  readonly client: Socket;
  readonly server: Socket;
  chunks: Buffer[];
}

/** Opens a port that leads to `port` on this machine, uphill at `bytesPerSecond`; downhill there is no limit. */
export async function openUplink(port: number, bytesPerSecond: number): Promise<IUplink> {
  const ways = new Set<IWaiting>();
  let sent = 0;
  const door = createServer(client => {
    const server = connect(port, '127.0.0.1');
    const way: IWaiting = { client, server, chunks: [] };
    ways.add(way);
    client.setNoDelay(true);
    server.setNoDelay(true);
    server.pipe(client);
    // One piece at a time: what waits here would be in the browser's own buffers otherwise.
    client.on('data', chunk => {
      way.chunks.push(chunk);
      client.pause();
    });
    const end = () => {
      ways.delete(way);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
  });
  let allowance = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    const nowMs = performance.now();
    allowance = Math.min(allowance + ((nowMs - lastMs) / 1000) * bytesPerSecond, bytesPerSecond * BURST_S);
    lastMs = nowMs;
    for (let moved = true; moved && allowance > 0;) {
      moved = false;
      for (const way of ways) {
        const chunk = way.chunks[0];
        if (!chunk || allowance <= 0) continue;
        const packet = chunk.subarray(0, PACKET_BYTES);
        way.server.write(packet);
        sent += packet.length;
        allowance -= packet.length;
        moved = true;
        if (packet.length < chunk.length) way.chunks[0] = chunk.subarray(packet.length);
        else {
          way.chunks = [];
          way.client.resume();
        }
      }
      // The first one of the next round is another one.
      const [first] = ways;
      if (first) {
        ways.delete(first);
        ways.add(first);
      }
    }
  }, STEP_MS);
  await new Promise<void>(resolve => door.listen(0, '127.0.0.1', resolve));
  return {
    port: (door.address() as AddressInfo).port,
    sent: () => sent,
    close: async () => {
      clearInterval(timer);
      const closed = new Promise(resolve => door.close(resolve));
      for (const { client, server } of ways) {
        client.destroy();
        server.destroy();
      }
      await closed;
    }
  };
}

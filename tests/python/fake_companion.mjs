// Stands in for the companion: listens as it does, writes what the server says into a file, and does to pages what
// their first word asks for.
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const record = entry => appendFileSync(process.env.LABKEEPER_FAKE_LOG, `${JSON.stringify(entry)}\n`);
record({ event: 'started', pid: process.pid, env: process.env, argv: process.argv.slice(2) });

const sockets = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  maxPayload: 128 * 1024 * 1024
});
const server = createServer((_request, response) => response.end('{"ok":true}'));

/** Sends `bytes` in frames of 64 KiB, each when the last is in the system's hands. */
async function flood(socket, bytes) {
  const frame = 'x'.repeat(65536);
  for (let sent = 0; sent < bytes && socket.readyState === 1; sent += frame.length) {
    await new Promise(resolve => socket.send(frame, resolve));
    record({ event: 'flood', sent: sent + frame.length });
  }
}

const orders = {
  flood: (socket, bytes) => void flood(socket, Number(bytes)),
  burst: (socket, bytes) => {
    for (let sent = 0; sent < Number(bytes); sent += 65536) socket.send('x'.repeat(65536));
  },
  close: (socket, code) => socket.close(Number(code), 'as told'),
  deaf: socket => socket.pause(),
  die: () => process.exit(7),
  say: () => console.error('a line for the log')
};

server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, socket, head, connection => {
    const link = request.url;
    record({ event: 'connected', link, headers: request.headers });
    connection.on('message', (data, binary) => {
      if (link === '/server') {
        record({ event: 'message', ...JSON.parse(data.toString()) });
        return;
      }
      const [order, value] = binary ? [] : data.toString().split(' ');
      if (orders[order]) orders[order](connection, value);
      else connection.send(data, { binary });
    });
    connection.on('close', (code, reason) =>
      record({ event: 'closed', link, code, reason: reason.toString() })
    );
    connection.on('ping', () => record({ event: 'ping', link }));
  });
});
if (process.env.LABKEEPER_FAKE_MUTE !== '1') {
  server.listen(process.env.LABKEEPER_SOCKET, () => console.log(JSON.stringify({ ready: true })));
}
process.stdin.on('end', () => {
  record({ event: 'input ended' });
  process.exit(0);
});
process.stdin.on('data', data => record({ event: 'input', text: data.toString() }));

// pipe.slowtab.growth: megabytes by which the server and the companion grow when 500 MB wait for a tab that does not
// read. Measured twice, and the worse counts: a backend in the companion's place that offers 500 MB at once (what the
// server's handler does with them), and the real companion, asked for its history until that makes 500 MB.
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket, WebSocketServer } from 'ws';
import {
  PROTOCOL,
  encode,
  historyRead,
  pageHello,
  visibilityChanged
} from '../packages/protocol/lib/index.js';
import { sleep, statusBytes } from './lib/cpu.mts';
import { record } from './lib/result.mts';
import { type IServer, startServer } from './lib/server.mts';
import { extent } from './lib/trial.mts';

const WAITING_BYTES = extent(500e6, 100e6);
/** The longest thing that a companion says: both histories in full. */
const FRAME_BYTES = 200_000;
/** Goes to a tab that reads before anything is measured, so that buffers and heaps are as in a server in use. */
const WARM_UP_BYTES = 50e6;
const HOLD_MS = 15_000;

/** Watches private memory; `growth` is the highest reading so far above the first, in bytes. */
function watchMemory(pids: readonly number[]) {
  const read = () => pids.map(pid => statusBytes(pid, 'RssAnon'));
  const first = read();
  let highest = 0;
  const look = () => {
    highest = Math.max(
      highest,
      read().reduce((sum, bytes, i) => sum + bytes - (first[i] ?? 0), 0)
    );
  };
  const timer = setInterval(look, 50);
  return {
    get growth() {
      look();
      return highest;
    },
    stop: () => clearInterval(timer)
  };
}

/** In the companion's place: hands each connection on to the socket that is its first argument. */
const FORWARDER = `
import { connect, createServer } from 'node:net';
const forward = socket => socket.pipe(connect(process.argv[2])).pipe(socket);
createServer(forward).listen(process.env.LABKEEPER_SOCKET, () => console.log('{"ready": true}'));
process.stdin.resume().on('end', () => process.exit());
`;

async function until(holds: () => boolean, what: string, patienceMs = 120_000): Promise<void> {
  for (const end = Date.now() + patienceMs; !holds(); await sleep(20))
    if (Date.now() > end) throw new Error(`not within ${patienceMs} ms: ${what}`);
}

/** A tab. */
async function openTab(server: IServer) {
  const address = `${server.url.replace('http', 'ws')}/labkeeper/ws?token=${server.token}`;
  const socket = new WebSocket(address, { perMessageDeflate: false });
  const tab = {
    socket,
    bytes: 0,
    histories: 0,
    /** Length of the last history. */
    historyBytes: 0
  };
  socket.on('message', data => {
    const length = Array.isArray(data) ? 0 : data.byteLength;
    tab.bytes += length;
    if (String(data).startsWith(`{"method":"${historyRead.method}"`)) {
      tab.histories++;
      tab.historyBytes = length;
    }
  });
  await once(socket, 'open');
  return tab;
}

/** The server's handler between a backend that offers everything at once and a tab that stops reading. */
async function carrier() {
  const folder = mkdtempSync(join(tmpdir(), 'labkeeper-pipe-'));
  const path = join(folder, 'socket');
  const frame = Buffer.alloc(FRAME_BYTES, 'x');
  const http = createServer((_, response) => response.end('{}'));
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false });
  let page: WebSocket | undefined;
  sockets.on('connection', (socket, request) => {
    if (request.url === '/lab') page = socket;
  });
  http.listen(path);
  await once(http, 'listening');
  const forwarder = join(folder, 'forwarder.mjs');
  writeFileSync(forwarder, FORWARDER);
  const server = await startServer({
    args: [`--Labkeeper.companion_script=${forwarder}`, `--Labkeeper.companion_arguments=${path}`]
  });
  try {
    const tab = await openTab(server);
    const backend = page;
    if (!backend) throw new Error('the backend was not reached');
    const offer = (bytes: number) => {
      for (let sent = 0; sent < bytes; sent += FRAME_BYTES) backend.send(frame, { binary: false });
    };
    offer(WARM_UP_BYTES);
    await until(() => tab.bytes >= WARM_UP_BYTES, 'the warm-up arrives');
    await sleep(2000);
    tab.socket.pause();
    const memory = watchMemory([server.pid]);
    offer(WAITING_BYTES);
    await sleep(HOLD_MS);
    const waitingMB = backend.bufferedAmount / 1e6;
    const pausedMB = memory.growth / 1e6;
    tab.socket.resume();
    await until(() => tab.bytes >= WARM_UP_BYTES + WAITING_BYTES, 'what waited arrives');
    memory.stop();
    tab.socket.close();
    if (waitingMB < (0.9 * WAITING_BYTES) / 1e6)
      throw new Error(`only ${waitingMB} MB waited: the tab did read`);
    return { offeredMB: WAITING_BYTES / 1e6, waitingMB, pausedMB, withDrainingMB: memory.growth / 1e6 };
  } finally {
    await server.stop();
    sockets.close();
    http.close();
    http.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The real companion, asked again and again for its history by a tab that does not read the answers. */
async function companion() {
  const server = await startServer();
  try {
    const pid = server.companionPid();
    if (!pid) throw new Error(`the companion does not run:\n${server.log().slice(-2000)}`);
    const tab = await openTab(server);
    const hello = { protocol: PROTOCOL, build: 'bench', client: 'page', visible: true } as const;
    tab.socket.send(encode(pageHello, hello));
    // A tab that comes back into view is told what it missed.
    const ask = () => {
      for (const visible of [false, true]) tab.socket.send(encode(visibilityChanged, { visible }));
    };
    // A history is long when it was watched for as long as it goes back: else there are more questions than answers, and
    // what is measured is how the companion reads them.
    await sleep(extent(15 * 60_000, 10_000));
    while (tab.bytes < WARM_UP_BYTES) {
      const before = tab.histories;
      ask();
      await until(() => tab.histories > before, 'the histories of the warm-up arrive');
    }
    await sleep(2000);
    const { historyBytes } = tab;
    tab.socket.pause();
    const memory = watchMemory([server.pid, pid]);
    const questions = Math.ceil(WAITING_BYTES / historyBytes);
    for (let i = 0; i < questions; i++) {
      ask();
      await until(() => tab.socket.bufferedAmount < 65_536, 'the questions are taken');
    }
    await sleep(HOLD_MS);
    const pausedMB = memory.growth / 1e6;
    const before = tab.bytes;
    tab.socket.resume();
    await until(() => tab.bytes > before, 'the tab is answered again');
    await sleep(3000);
    memory.stop();
    const arrivedMB = (tab.bytes - before) / 1e6;
    tab.socket.close();
    return {
      askedForMB: (questions * historyBytes) / 1e6,
      historyBytes,
      questions,
      pausedMB,
      withDrainingMB: memory.growth / 1e6,
      arrivedMB
    };
  } finally {
    await server.stop();
  }
}

const [carried, asked] = [await carrier(), await companion()];
record(
  {
    id: 'pipe.slowtab.growth',
    what: `Private memory of server and companion more while ${WAITING_BYTES / 1e6} MB wait for a tab that does not read, and while it catches up; the worse of a backend that offers them at once and the real companion asked for them`,
    unit: 'MB',
    value: Math.max(carried.withDrainingMB, asked.withDrainingMB),
    n: 1,
    samples: { carried, asked }
  },
  'pipe'
);

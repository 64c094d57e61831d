import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse
} from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';

/** Greatest frame a page may send: a piece of its journal. `LARGEST_PAGE_FRAME_BYTES` of labkeeper/handlers.py. */
export const PAGE_FRAME_BYTES = 1024 * 1024;
/** Greatest frame the server extension may send: all kernels with their names. */
export const SERVER_FRAME_BYTES = 4 * 1024 * 1024;

/** Who may come in, and what they get. */
export interface IFrontDoorOptions {
  /** The answer of GET /health, JSON. */
  health(): unknown;
  /** Answers /reclaim: a hook says that the end is near. The socket's mode is the guard. null = there is no such path. */
  readonly reclaim: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** A page connected, through the server's own handler. */
  acceptPage(socket: WebSocket): void;
  /** The server extension connected. */
  acceptServer(socket: WebSocket): void;
}

/**
 * HTTP and WebSocket on one port: `/lab` for pages, `/server` for the server extension, `/health` for whoever looks.
 * No deflate (it costs more than it saves on a local socket) and no pings (the hub's proxy counts them as activity).
 */
export function createFrontDoor(options: IFrontDoorOptions): Server {
  const pages = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: PAGE_FRAME_BYTES
  });
  const servers = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    clientTracking: false,
    maxPayload: SERVER_FRAME_BYTES
  });
  const server = createServer((request, response) => {
    if (options.reclaim && pathOf(request.url) === '/reclaim') {
      options.reclaim(request, response);
      return;
    }
    const found = request.method === 'GET' && pathOf(request.url) === '/health';
    response.writeHead(found ? 200 : 404, {
      'content-type': 'application/json',
      'cache-control': 'no-store'
    });
    response.end(JSON.stringify(found ? options.health() : NOT_FOUND));
    // A body nobody wants must not keep the connection busy.
    request.resume();
  });
  server.on('upgrade', (request, socket, head) => {
    const path = pathOf(request.url);
    if (path === '/lab') {
      pages.handleUpgrade(request, socket, head, options.acceptPage);
    } else if (path === '/server') {
      servers.handleUpgrade(request, socket, head, options.acceptServer);
    } else {
      refuse(socket);
    }
  });
  server.on('clientError', (_error, socket) => {
    // Not HTTP: nothing that could be answered.
    socket.destroy();
  });
  return server;
}

const NOT_FOUND = { code: 'unknown-method', message: 'There is nothing here.' };

function pathOf(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0] ?? '';
}

function refuse(socket: Duplex): void {
  const body = JSON.stringify(NOT_FOUND);
  socket.on('error', () => {
    // The other side left before its answer came.
  });
  socket.end(
    `HTTP/1.1 404 ${STATUS_CODES[404]}\r\nContent-Type: application/json\r\nConnection: close\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

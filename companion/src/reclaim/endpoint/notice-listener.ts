import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isAuthorized } from './endpoint-token.js';

/** Whoever needs longer for a request of a few hundred bytes on this machine is no hook. */
const REQUEST_MS = 5000;
const HEADER_BYTES = 8192;
/** Hooks at the same time. */
const CONNECTIONS = 16;

/**
 * The endpoint on the loopback interface, for preStop hooks and schedulers that can reach no unix socket. Every process
 * on the machine can reach a port, other users' as well, so each request must carry the secret.
 */
export function createNoticeListener(options: {
  readonly token: string;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
}): Server {
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES, requestTimeout: REQUEST_MS },
    (request, response) => {
      if (isAuthorized(request.headers.authorization, options.token)) {
        // From here on it waits for us.
        request.socket.setTimeout(0);
        options.handle(request, response);
        return;
      }
      // Nothing of a stranger's body is read.
      response.writeHead(401, {
        'www-authenticate': 'Bearer',
        'content-type': 'application/json',
        connection: 'close'
      });
      response.end('{"code":"unauthorized","message":"The secret is missing or wrong."}\n');
    }
  );
  server.headersTimeout = REQUEST_MS;
  server.timeout = REQUEST_MS;
  server.maxConnections = CONNECTIONS;
  server.on('clientError', (_error, socket) => {
    // Not HTTP, or too slow: nothing that could be answered.
    socket.destroy();
  });
  return server;
}

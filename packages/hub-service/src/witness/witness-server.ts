import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { parseShape, WITNESS_BYTES, WITNESS_PATH, WitnessRequest } from '@labkeeper/protocol';
import { answerText, type Witness, type WitnessSaid } from './witness.js';

/** A request that takes longer is ended, in ms. */
const REQUEST_MS = 10_000;
const STATUS: Readonly<Record<WitnessSaid['kind'], number>> = {
  signed: 200,
  inconsistent: 409,
  'not-genuine': 403
};

/** The witness over HTTP: one route. */
export function witnessServer(witness: Witness, complain: (error: unknown) => void): Server {
  const server = createServer((request, response) => {
    answer(request, witness).then(
      ([status, text]) => send(response, status, text),
      (error: unknown) => {
        complain(error);
        send(response, 500, JSON.stringify({ refusal: 'I cannot write down what I sign: ask again later.' }));
      }
    );
  });
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  server.maxConnections = 64;
  return server;
}

async function answer(request: IncomingMessage, witness: Witness): Promise<readonly [number, string]> {
  const refusal = (status: number, sentence: string): readonly [number, string] => [
    status,
    JSON.stringify({ refusal: sentence })
  ];
  if (request.method !== 'POST' || request.url !== `/${WITNESS_PATH}`) {
    return refusal(404, `Only POST /${WITNESS_PATH} is answered here.`);
  }
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    const bytes = Buffer.from(part);
    length += bytes.length;
    if (length > WITNESS_BYTES) {
      return refusal(413, `A request has at most ${WITNESS_BYTES} bytes.`);
    }
    parts.push(bytes);
  }
  const asked = parseShape(WitnessRequest, Buffer.concat(parts).toString('utf8'));
  if (!asked) {
    return refusal(400, 'This is no request of a service that I know.');
  }
  const said = witness.sign(asked);
  return [STATUS[said.kind], answerText(said)];
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(text);
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { IClock } from '../../src/clock.js';

/** A request as it came. */
export interface IAsked {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  /** When, on the monotonic clock. */
  readonly atMs: number;
}

/** How the service is broken; `null` = it is not. */
export type Broken = 'hang' | 'portal' | 'oversized' | 'redirect' | 'reset' | 'half' | null;

/** What AWS and its emulator send with 404 and 401. */
const xhtml = (status: number, title: string): string =>
  `<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"\n` +
  `\t"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html xmlns="http://www.w3.org/1999/xhtml">\n` +
  ` <head>\n  <title>${status} - ${title}</title>\n </head>\n <body>\n  <h1>${status} - ${title}</h1>\n </body>\n</html>\n`;

/**
 * The metadata services of three clouds on a loopback port, with the byte shapes of the real ones, for tests alone.
 * Time is a clock of the test's, so that an answer of two minutes takes none.
 */
export class FakeMetadata {
  constructor(private readonly clock: IClock) {
    this.server = createServer((request, response) => this.serve(request, response));
    // A reset connection is a case of the tests.
    this.server.on('clientError', (_error, socket) => socket.destroy());
  }

  readonly asked: IAsked[] = [];
  broken: Broken = null;

  readonly aws = {
    /** The document of `spot/instance-action`; `moving` = its time is two minutes after every request. */
    action: null as null | { action: string; time: string },
    moving: false,
    maintenance: null as null | object[],
    rebalance: null as null | string,
    lifecycle: 'InService' as null | string,
    /** Whether the answer to the PUT gets through (hop limit), and whether version 1 is allowed. */
    tokenAnswers: true,
    version1: false,
    tokenSeconds: 21_600
  };

  readonly gcp = {
    'instance/preempted': 'FALSE',
    'instance/maintenance-event': 'NONE',
    /** So many requests are answered 503. */
    unavailable: 0,
    /** GKE's own metadata server knows neither value. */
    unknown: false,
    waits: true,
    flavor: true
  };

  readonly azure = {
    name: 'spot_7',
    incarnation: 1,
    events: [] as object[],
    /** The first answer takes so long: the service has to be switched on. */
    firstAnswerMs: 0
  };

  async listen(port = 0): Promise<string> {
    await new Promise<void>(resolve => this.server.listen(port, '127.0.0.1', resolve));
    return this.url;
  }

  get url(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Closes kept connections that nobody uses at the moment, as a service does that was restarted. */
  closeIdle(): void {
    this.server.closeIdleConnections();
  }

  /** The requests whose path holds `part`. */
  askedFor(part: string): IAsked[] {
    return this.asked.filter(({ url }) => url.includes(part));
  }

  /** Sets a value of Google's and answers those who wait for it. */
  setGcp(key: 'instance/preempted' | 'instance/maintenance-event', value: string): void {
    this.gcp[key] = value;
    this.waiting.splice(0).forEach(answer => answer());
  }

  /** Tokens of AWS that were given out are not known any more. */
  forgetTokens(): void {
    this.tokens.clear();
  }

  private serve(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const { method = '', url = '', headers } = request;
    this.asked.push({ method, url, headers, atMs: this.clock.monotonicMs() });
    response.on('error', () => undefined);
    if (this.broken !== null) {
      breakDown(this.broken, request, response);
    } else if (url.startsWith('/latest/')) {
      this.serveAws(method, url, headers, response);
    } else if (url.startsWith('/computeMetadata/v1/')) {
      this.serveGcp(new URL(url, this.url), headers, response);
    } else {
      this.serveAzure(method, url, headers, response);
    }
  }

  private serveAws(
    method: string,
    url: string,
    headers: IncomingMessage['headers'],
    response: ServerResponse
  ): void {
    const { aws } = this;
    const nowMs = this.clock.monotonicMs();
    if (url === '/latest/api/token') {
      const seconds = Number(headers['x-aws-ec2-metadata-token-ttl-seconds']);
      if (!aws.tokenAnswers) {
        return; // Lost on its second hop.
      }
      if (method !== 'PUT' || !(seconds >= 1 && seconds <= 21_600)) {
        send(response, 400, xhtml(400, 'Bad Request'), 'text/html');
        return;
      }
      const token = `AQAEA-${this.tokens.size}-${nowMs}==`;
      this.tokens.set(token, nowMs + aws.tokenSeconds * 1000);
      response.setHeader('x-aws-ec2-metadata-token-ttl-seconds', `${aws.tokenSeconds}`);
      send(response, 200, token, 'text/plain');
      return;
    }
    const token = headers['x-aws-ec2-metadata-token'];
    const valid = typeof token === 'string' && (this.tokens.get(token) ?? -1) > nowMs;
    if (!valid && !(aws.version1 && token === undefined)) {
      send(response, 401, xhtml(401, 'Unauthorized'), 'text/html');
      return;
    }
    const documents: Record<string, string | null> = {
      'spot/instance-action': aws.action && JSON.stringify(this.awsAction(), null, '\t'),
      'events/maintenance/scheduled': aws.maintenance && JSON.stringify(aws.maintenance, null, 2),
      'events/recommendations/rebalance': aws.rebalance && JSON.stringify({ noticeTime: aws.rebalance }),
      'autoscaling/target-lifecycle-state': aws.lifecycle
    };
    const text = documents[url.replace('/latest/meta-data/', '')] ?? null;
    if (text === null) {
      send(response, 404, xhtml(404, 'Not Found'), 'text/html');
    } else {
      send(response, 200, text, 'text/plain');
    }
  }

  private awsAction(): object {
    const time = new Date(this.clock.wallMs() + 120_000).toISOString().replace(/\.\d+Z$/, 'Z');
    return this.aws.moving ? { ...this.aws.action, time } : { ...this.aws.action };
  }

  private serveGcp(url: URL, headers: IncomingMessage['headers'], response: ServerResponse): void {
    const { gcp } = this;
    if (headers['metadata-flavor'] !== 'Google') {
      send(response, 403, 'Missing required header "Metadata-Flavor": "Google"', 'text/plain');
      return;
    }
    if (gcp.unavailable > 0) {
      gcp.unavailable--;
      send(response, 503, 'Service Unavailable', 'text/plain');
      return;
    }
    const key = url.pathname.replace('/computeMetadata/v1/', '');
    if (gcp.unknown || (key !== 'instance/preempted' && key !== 'instance/maintenance-event')) {
      send(response, 404, 'Not Found\n', 'text/plain');
      return;
    }
    const etag = (): string => Buffer.from(`${key}=${gcp[key]}`).toString('hex').slice(-16);
    const answer = (): void => {
      if (gcp.flavor) {
        response.setHeader('metadata-flavor', 'Google');
      }
      response.setHeader('server', 'Metadata Server for VM');
      response.setHeader('etag', etag());
      send(response, 200, gcp[key], 'application/text');
    };
    const last = url.searchParams.get('last_etag');
    if (!gcp.waits || url.searchParams.get('wait_for_change') !== 'true' || last !== etag()) {
      answer();
      return;
    }
    const timer = this.clock.after(Number(url.searchParams.get('timeout_sec') ?? 3600) * 1000, () => give());
    const give = (): void => {
      timer.dispose();
      this.waiting.splice(0, this.waiting.length, ...this.waiting.filter(other => other !== give));
      answer();
    };
    this.waiting.push(give);
  }

  private serveAzure(
    method: string,
    url: string,
    headers: IncomingMessage['headers'],
    response: ServerResponse
  ): void {
    const { azure } = this;
    if (headers['metadata'] !== 'true' || method !== 'GET') {
      send(
        response,
        400,
        '{ "error": "Bad request. Required metadata header not specified" }',
        'application/json'
      );
    } else if (url.startsWith('/metadata/instance/compute/name?')) {
      send(response, 200, azure.name, 'text/plain');
    } else if (url === '/metadata/scheduledevents?api-version=2020-07-01') {
      const answer = (): void => {
        const document = { DocumentIncarnation: azure.incarnation, Events: azure.events };
        send(response, 200, JSON.stringify(document), 'application/json');
      };
      const delayMs = azure.firstAnswerMs;
      azure.firstAnswerMs = 0;
      if (delayMs > 0) {
        this.clock.after(delayMs, answer);
      } else {
        answer();
      }
    } else {
      send(response, 404, '', 'text/plain');
    }
  }

  private readonly server: Server;
  /** The tokens of AWS and when they end, on the monotonic clock. */
  private readonly tokens = new Map<string, number>();
  private readonly waiting: (() => void)[] = [];
}

function send(response: ServerResponse, status: number, text: string, type: string): void {
  response.writeHead(status, { 'content-type': type });
  response.end(text);
}

function breakDown(how: Exclude<Broken, null>, request: IncomingMessage, response: ServerResponse): void {
  switch (how) {
    case 'hang':
      return;
    case 'portal':
      send(response, 200, '<html><head><title>Log in to Hotel WiFi</title></head></html>', 'text/html');
      return;
    case 'oversized':
      send(response, 200, 'x'.repeat(1024 * 1024), 'text/plain');
      return;
    case 'redirect':
      response.setHeader('location', '/latest/meta-data/iam/security-credentials/');
      send(response, 302, '', 'text/html');
      return;
    case 'reset':
      request.socket.resetAndDestroy();
      return;
    case 'half':
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"action":');
      setImmediate(() => request.socket.destroy());
  }
}

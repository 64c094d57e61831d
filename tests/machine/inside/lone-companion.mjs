import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  PROTOCOL,
  batchDurable,
  companionHello,
  journalState,
  pageHello,
  recoveriesKnown,
  runLost,
  serverHello
} from '@labkeeper/protocol';
import { Link } from './link.mjs';

const SOCKET = '/tmp/companion.sock';
const FROM_COMPANION = [batchDurable, companionHello, journalState, recoveriesKnown, runLost];

/** The companion as it is built, alone with a home: the object itself plays the server's extension and a page. */
export class LoneCompanion {
  /** @param environment - more variables of the companion. */
  static async start(home, environment = {}) {
    const companion = new LoneCompanion();
    await companion.start(home, environment);
    return companion;
  }

  async start(home, environment) {
    // Stands for the server: a process that can end while this one lives.
    this.standIn = spawn('sleep', ['1000000']);
    this.process = spawn(
      '/usr/bin/unshare',
      ['--setgid', '100', '--setuid', '1000', 'node', '/payload/companion.mjs'],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: {
          PATH: '/usr/bin:/bin',
          HOME: home,
          LABKEEPER_SOCKET: SOCKET,
          LABKEEPER_SERVER_PID: String(this.standIn.pid),
          LABKEEPER_DISABLE: 'oom-score gpu reclaim',
          ...environment
        }
      }
    );
    this.log = '';
    this.process.stderr.on('data', chunk => (this.log = (this.log + String(chunk)).slice(-3000)));
    this.process.stdin.on('error', () => undefined);
    const ended = new Promise(resolve => this.process.once('exit', (...how) => resolve(`ended: ${how}`)));
    const ready = new Promise(resolve =>
      createInterface({ input: this.process.stdout }).once('line', resolve)
    );
    const first = await Promise.race([ready, ended]);
    if (!first.includes('"ready"')) {
      throw new Error(`the companion ${first}: ${this.log}`);
    }
    this.server = await Link.open(`ws+unix:${SOCKET}:/server`, FROM_COMPANION);
    const greeting = { protocol: PROTOCOL, build: 'machine-test' };
    this.server.send(serverHello, {
      ...greeting,
      serverPid: this.standIn.pid,
      serverName: '',
      baseUrl: '/',
      rootDir: home,
      plainFiles: true
    });
    this.page = await Link.open(`ws+unix:${SOCKET}:/lab`, FROM_COMPANION);
    this.page.send(pageHello, { ...greeting, client: 'lab', visible: true });
    await this.page.first(companionHello);
  }

  /** Ends it and its server as nobody expects it. */
  async kill() {
    const ended = new Promise(resolve => this.process.once('exit', resolve));
    this.process.kill('SIGKILL');
    this.standIn.kill('SIGKILL');
    await ended;
  }

  /** The newest message of a kind that the page got; null = none. */
  newest(declaration) {
    return this.page.seen.findLast(({ method }) => method === declaration.method)?.params ?? null;
  }
}

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import {
  PROTOCOL,
  companionHello,
  deathSeen,
  deathsKnown,
  historyRead,
  kernelDied,
  kernelsChanged,
  noticeGiven,
  noticesKnown,
  pageHello,
  sampleTaken,
  serverHello,
  serverKernels
} from '@labkeeper/protocol';
import { eventually } from './eventually.mjs';
import { flightRecords } from './flight.mjs';
import { Hog, Process } from './hog.mjs';
import { Link } from './link.mjs';

const HOME = '/home/lab';
/** The container's user, as in enter.sh. */
const UID = 1000;
const GID = 100;

const FROM_COMPANION = [
  companionHello,
  deathSeen,
  deathsKnown,
  historyRead,
  kernelsChanged,
  noticeGiven,
  noticesKnown,
  sampleTaken
];

/**
 * A user's container: a control group with a process that stands for jupyter_server, the companion, and kernels.
 * This object itself plays the server's extension: it tells the companion of kernels and of their deaths. It lives
 * outside the group, so that it sees what happens when the whole group is killed.
 */
export class Container {
  /**
   * @param group - the control group, with its limits.
   * @param options - namespace: `private` as in a container (default) or `host`; serverMiB: memory of the server
   *   (default 20); home: the home folder; environment: more variables of the companion.
   */
  static async start(group, options = {}) {
    const container = new Container(group, options.home ?? HOME);
    mkdirSync(container.home, { recursive: true });
    chownSync(container.home, UID, GID);
    container.server = new Hog(group);
    await container.server.grow(options.serverMiB ?? 20);
    await container.startCompanion(options);
    return container;
  }

  constructor(group, home) {
    this.group = group;
    this.home = home;
    this.kernels = new Map();
    this.number = 0;
  }

  async startCompanion({ namespace = 'private', environment = {} }) {
    const socketPath = `/tmp/companion-${this.group.name.replaceAll('/', '-')}.sock`;
    const startedAtMs = Date.now();
    this.companion = spawn(
      '/payload/enter.sh',
      [this.group.name, namespace, 'node', '/payload/companion.mjs'],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: {
          PATH: '/usr/bin:/bin',
          HOME: this.home,
          LABKEEPER_SOCKET: socketPath,
          LABKEEPER_HOME: this.home,
          LABKEEPER_SERVER_PID: String(this.server.pid),
          ...environment
        }
      }
    );
    let log = '';
    this.companion.stderr.on('data', chunk => {
      log = (log + String(chunk)).slice(-3000);
    });
    // Its end closes the pipe; the exit is what counts.
    this.companion.stdin.on('error', () => undefined);
    this.companionEnded = new Promise(resolve => {
      this.companion.once('exit', (code, signal) => resolve({ code, signal, atMs: Date.now() }));
    });
    const ready = new Promise(resolve => {
      createInterface({ input: this.companion.stdout }).on('line', line => {
        if (line.includes('"ready"')) {
          resolve('ready');
        }
      });
    });
    const first = await Promise.race([ready, this.companionEnded]);
    if (first !== 'ready') {
      throw new Error(`the companion ended at its start (${JSON.stringify(first)}): ${log}`);
    }
    this.log = () => log;
    this.startMs = Date.now() - startedAtMs;
    this.serverLink = await Link.open(`ws+unix:${socketPath}:/server`, FROM_COMPANION);
    this.serverLink.send(serverHello, {
      protocol: PROTOCOL,
      build: 'machine-test',
      serverPid: this.server.pid,
      serverName: '',
      baseUrl: '/',
      rootDir: this.home
    });
    this.page = await Link.open(`ws+unix:${socketPath}:/lab`, FROM_COMPANION);
    this.page.send(pageHello, { protocol: PROTOCOL, build: 'machine-test', client: 'lab', visible: true });
    await this.page.first(companionHello);
  }

  /** A kernel that grows by orders; it begins with 1 MiB. */
  async startKernel(title = `notebook-${this.number + 1}.ipynb`, state = 'busy') {
    const hog = new Hog(this.group);
    // Its answer says that it is the container's user by now, as a real kernel is from its start.
    assert.ok(await hog.grow(1), JSON.stringify(hog.end));
    return this.adopt(hog, title, state);
  }

  /** A kernel that runs `command`. */
  startKernelRunning(command, title = `notebook-${this.number + 1}.ipynb`) {
    return this.adopt(new Process(this.group, command), title);
  }

  /** Waits until a sample of the page lists the kernel with at least so much memory, and returns that sample. */
  async sampleOf(process, atLeastMiB) {
    const { params } = await this.page.first(sampleTaken, sample =>
      sample.kernels.some(
        usage => usage.kernelId === process.kernelId && usage.memoryBytes >= atLeastMiB * 2 ** 20
      )
    );
    return params;
  }

  /**
   * Waits until the flight recorder has written that this kernel is there. A sample reaches the page some milliseconds
   * before its record reaches the file: a container killed in between could say nothing of its kernel.
   */
  async recorded(process) {
    await eventually(
      () => flightRecords(this.home).some(text => text.includes(process.kernelId)),
      15_000,
      'a flight record of the kernel'
    );
  }

  /** The verdict about this kernel as the page hears it; `accept` may wait for later news of the same death. */
  async death(process, accept = () => true) {
    return await this.page.first(
      deathSeen,
      death => death.evidence.kernel.kernelId === process.kernelId && accept(death)
    );
  }

  /** Whether the companion raised the kernels' `oom_score_adj` above the server's. */
  async preferKernels(read, timeoutMs = 15_000) {
    await eventually(
      () => [...this.kernels.keys()].every(process => read(process.pid) > read(this.server.pid)),
      timeoutMs,
      'the kernels to be preferred victims'
    );
  }

  /** Ends the companion as the server does, by closing its standard input, then everything else. */
  async close() {
    this.closing = true;
    this.page?.close();
    this.serverLink?.close();
    this.companion?.stdin.end();
    await this.companionEnded;
    await this.group.remove();
  }

  /** The whole group died: nobody is left to hear of it. */
  async abandon() {
    this.closing = true;
    await this.companionEnded;
    await this.group.remove();
  }

  adopt(process, title, state = 'busy') {
    this.number += 1;
    process.kernelId = `kernel-${this.group.name.replaceAll('/', '-')}-${this.number}`;
    this.kernels.set(process, {
      kernelId: process.kernelId,
      pid: process.pid,
      kernelName: 'awk',
      path: title,
      title,
      owner: 'notebook',
      state,
      stateSinceMs: Date.now()
    });
    this.tell();
    process.ended.then(end => {
      const kernel = this.kernels.get(process);
      this.kernels.delete(process);
      if (this.closing || this.groupKilled || kernel === undefined) {
        return;
      }
      this.serverLink.send(kernelDied, {
        kernel,
        pid: process.pid,
        atMs: end.atMs,
        exit:
          end.signal === null
            ? { how: 'code', code: end.code }
            : { how: 'signal', signal: constants.signals[end.signal], coreDumped: false },
        intent: 'none'
      });
      this.tell();
    });
    return process;
  }

  tell() {
    this.serverLink.send(serverKernels, { kernels: [...this.kernels.values()] });
  }
}

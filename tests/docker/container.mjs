import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import {
  PROTOCOL,
  companionHello,
  deathSeen,
  deathsKnown,
  historyRead,
  kernelsChanged,
  noticeGiven,
  noticesKnown,
  pageHello,
  sampleTaken
} from '@labkeeper/protocol';
import WebSocket from 'ws';
import { eventually } from '../machine/inside/eventually.mjs';
import { Link } from '../machine/inside/link.mjs';
import { repository } from './engine.mjs';

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
const run = promisify(execFile);
const TOKEN = 'test-token';
const PORT = 8888;
let serial = 0;

/** A user's container with a real jupyter_server and Labkeeper in it, reached like a page reaches it. */
export class Container {
  /**
   * @param options - memory (docker's notation), cpus, processes, home: a volume's name, `read-only` or `absent`;
   *   environment: more variables.
   */
  static async start(engine, options = {}) {
    serial += 1;
    const name = `labkeeper-test-${process.pid}-${serial}`;
    const { memory = '512m', processes = 200, home = `${name}-home`, environment = {} } = options;
    const { about } = engine;
    const installed = existsSync(join(about.prefix, 'etc/jupyter/jupyter_server_config.d/labkeeper.json'));
    const words = [
      ...['run', '--detach', '--name', name, '--user', `${about.uid}:${about.gid}`, '--hostname', 'lab'],
      // The start gets more CPU than the container keeps: imports at half a core take 9 s.
      ...['--memory', memory, '--memory-swap', memory, '--cpu-period', '100000', '--cpu-quota', '200000'],
      ...['--pids-limit', String(processes), '--shm-size', '64m'],
      ...about.mounts.flatMap(path => ['--volume', `${path}:${path}:ro`]),
      ...homeWords(engine, home),
      ...Object.entries({
        // Runtime files do not belong on a home that may be read-only.
        JUPYTER_RUNTIME_DIR: '/tmp/runtime',
        ...(installed ? {} : { PYTHONPATH: repository }),
        ...(home === 'absent' || home === 'read-only'
          ? { JUPYTER_DATA_DIR: '/tmp/data', JUPYTER_CONFIG_DIR: '/tmp/config', IPYTHONDIR: '/tmp/ipython' }
          : {}),
        ...environment
      }).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      about.image,
      join(about.prefix, 'bin/jupyter-server'),
      ...['--ip=0.0.0.0', `--port=${PORT}`, '--no-browser', `--IdentityProvider.token=${TOKEN}`],
      ...['--ServerApp.port_retries=0', `--ServerApp.root_dir=${home === 'absent' ? '/tmp' : about.home}`],
      ...(installed ? [] : ["--ServerApp.jpserver_extensions={'labkeeper': True}"])
    ];
    const startedAtMs = Date.now();
    engine.containers.add(name);
    await engine.docker(...words);
    const address = await engine.docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', name);
    const container = new Container(engine, name, address);
    await container.untilUp();
    container.startMs = Date.now() - startedAtMs;
    await engine.docker('update', '--cpu-quota', String((options.cpus ?? 0.5) * 100_000), name);
    return container;
  }

  constructor(engine, name, address) {
    this.engine = engine;
    this.name = name;
    this.address = address;
    this.sockets = [];
    this.hasEnded = false;
    const over = () => (this.hasEnded = true);
    // One command that waits: asking again and again costs more CPU than the server. Removed while it waits is an end too.
    engine.docker('wait', name).then(over, over);
  }

  /** Connects as a page does, through jupyter_server. */
  async openPage() {
    const url = `ws://${this.address}:${PORT}/labkeeper/ws`;
    // Refused with a 503 while the companion starts; a page comes again too.
    let refusal = '';
    this.page = await eventually(
      async () => {
        try {
          return await Link.open(url, FROM_COMPANION, { headers: { Authorization: `token ${TOKEN}` } });
        } catch (error) {
          refusal = String(error);
          return null;
        }
      },
      15_000,
      () => `the companion's answer (${refusal})`
    );
    this.page.send(pageHello, { protocol: PROTOCOL, build: 'docker-test', client: 'lab', visible: true });
    await this.page.first(companionHello);
    return this.page;
  }

  async request(method, path, body) {
    const answer = await fetch(`http://${this.address}:${PORT}${path}`, {
      method,
      headers: { Authorization: `token ${TOKEN}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000)
    });
    if (!answer.ok) {
      throw new Error(`${method} ${path}: ${answer.status} ${(await answer.text()).slice(0, 300)}`);
    }
    return answer.status === 204 ? null : await answer.json();
  }

  /** Starts a notebook's kernel and returns its id. */
  async startKernel(path) {
    const session = await this.request('POST', '/api/sessions', {
      path,
      name: path,
      type: 'notebook',
      kernel: { name: 'python3' }
    });
    return session.kernel.id;
  }

  /** Runs code in a kernel; resolves to the status of its reply: `ok` or `error`. */
  async execute(kernelId, code) {
    let status = null;
    await this.submit(kernelId, code, reply => (status = reply));
    await eventually(() => status !== null, 30_000, `the reply of kernel ${kernelId}`);
    return status;
  }

  /**
   * Gives a kernel code that may end it. Whether it does is not to be read from this socket: the server does not tell
   * every death there.
   */
  async submit(kernelId, code, replied = () => undefined) {
    const socket = new WebSocket(`ws://${this.address}:${PORT}/api/kernels/${kernelId}/channels`, {
      headers: { Authorization: `token ${TOKEN}` }
    });
    const id = randomUUID();
    this.sockets.push(socket);
    // The close that follows, and what the test waits for, say enough.
    socket.on('error', () => undefined);
    socket.on('message', data => {
      const message = JSON.parse(String(data));
      if (message.msg_type === 'execute_reply' && message.parent_header.msg_id === id) {
        replied(message.content.status);
      }
    });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    socket.send(
      JSON.stringify({
        header: {
          msg_id: id,
          msg_type: 'execute_request',
          username: '',
          session: randomUUID(),
          version: '5.3',
          date: new Date().toISOString()
        },
        parent_header: {},
        metadata: {},
        content: { code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false },
        channel: 'shell'
      })
    );
  }

  /** Waits until a sample lists the kernel with at least so much memory, and returns that sample. */
  async sampleOf(kernelId, atLeastMiB) {
    const { params } = await this.page.first(sampleTaken, sample =>
      sample.kernels.some(usage => usage.kernelId === kernelId && usage.memoryBytes >= atLeastMiB * 2 ** 20)
    );
    return params;
  }

  /**
   * The death that this start tells from the flight recorder. Records of another container are believed to be of the
   * past only when nobody has added to them for a while.
   */
  async recorded() {
    return await this.page.death(({ evidence }) => evidence.fromFlightRecorder, 60_000);
  }

  async exec(...words) {
    return await this.engine.docker('exec', this.name, ...words);
  }

  /** Waits for the end of the container, and returns when it was, as the engine says (ms since the epoch). */
  async ended() {
    await eventually(
      () => this.hasEnded,
      30_000,
      () => `the end of the container (page: ${this.page?.summary() ?? 'none'})`
    );
    return Date.parse(await this.engine.docker('inspect', '--format', '{{.State.FinishedAt}}', this.name));
  }

  /** The server's last lines (with the companion's in them), and what lies in the flight recorder's folder. */
  async logs() {
    const { host } = this.engine.about;
    const { stdout, stderr } = await run('docker', ['--host', host, 'logs', '--tail', '40', this.name]);
    const folder = `${this.engine.about.home}/.local/share/labkeeper`;
    const list = `find ${folder} -type f | while read -r f; do echo "== $f"; tr -cd '[:print:]' < "$f" | tail -c 6000; echo; done`;
    const files = await this.exec('sh', '-c', list).catch(
      error => `(the container does not run: ${error.message})`
    );
    return `${stdout}${stderr}\n${files}`;
  }

  async remove() {
    this.page?.close();
    this.sockets.forEach(socket => socket.terminate());
    await this.engine.docker('rm', '--force', this.name);
    this.engine.containers.delete(this.name);
  }

  async untilUp() {
    let refusal = '';
    await eventually(
      async () => {
        if (this.hasEnded) {
          throw new Error(`the container ended: ${await this.logs()}`);
        }
        try {
          return await this.request('GET', '/api/status');
        } catch (error) {
          refusal = String(error.cause ?? error);
          await delay(100);
          return null;
        }
      },
      90_000,
      () => `jupyter_server (${refusal})`
    );
  }
}

function homeWords(engine, home) {
  if (home === 'absent') {
    return ['--env', 'HOME=/nowhere', '--workdir', '/tmp'];
  }
  if (home === 'read-only') {
    return ['--env', `HOME=${engine.about.home}`, '--volume', `/usr/share:${engine.about.home}:ro`];
  }
  engine.volumes.add(home);
  return ['--env', `HOME=${engine.about.home}`, '--volume', `${home}:${engine.about.home}`];
}

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Holds as many MiB as it was told, each touched; one line of input per order, one of output when it is done. */
const HOG =
  'BEGIN { one = sprintf("%1048500s", "") } { n = $1 + 0; while (n-- > 0) held[k++] = one; print "holds " k; fflush() }';

/** A process in a control group whose end is known the moment it comes. */
export class Process {
  /** @param command - program and arguments; runs in `group` as the container's user. */
  constructor(group, command, namespace = 'host') {
    this.child = spawn('/payload/enter.sh', [group.name, namespace, ...command], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/bin:/bin', HOME: '/home' }
    });
    this.pid = this.child.pid ?? 0;
    this.words = '';
    this.child.stderr.on('data', chunk => {
      this.words = (this.words + String(chunk)).slice(-2000);
    });
    // A killed process leaves its pipe; orders written to it then are of no interest.
    this.child.stdin.on('error', () => undefined);
    this.end = null;
    this.ended = new Promise(resolve => {
      this.child.once('exit', (code, signal) => {
        this.end = { atMs: Date.now(), code, signal, words: this.words };
        resolve(this.end);
      });
    });
  }

  kill(signal) {
    this.child.kill(signal);
  }
}

/** A process that grows by orders: it stands for a Jupyter kernel, or for the server. */
export class Hog extends Process {
  constructor(group) {
    super(group, ['awk', HOG]);
    this.lines = createInterface({ input: this.child.stdout });
    this.heldMiB = 0;
  }

  /** Grows by `mebibytes`; resolves to true when it has, to false when it died instead. */
  async grow(mebibytes) {
    const done = new Promise(resolve => this.lines.once('line', resolve));
    this.child.stdin.write(`${mebibytes}\n`);
    const first = await Promise.race([done, this.ended]);
    if (typeof first === 'string') {
      this.heldMiB = Number(first.replace('holds ', ''));
      return true;
    }
    return false;
  }
}

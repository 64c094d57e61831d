import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** The part of the server that writes files, alone: `saver.py`, which uses labkeeper's own modules. */
export class Saver {
  constructor() {
    this.process = spawn('/payload/python/start', ['/payload/saver.py'], {
      stdio: ['pipe', 'pipe', 'inherit']
    });
    this.answers = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
    this.turn = Promise.resolve();
  }

  /** Writes a file. @returns its hash, when it outlives the machine. */
  save(path, text) {
    this.turn = this.turn.then(async () => {
      this.process.stdin.write(`${JSON.stringify({ path, text })}\n`);
      const { value, done } = await this.answers.next();
      if (done) {
        throw new Error('the saver ended');
      }
      return JSON.parse(value).hash;
    });
    return this.turn;
  }
}

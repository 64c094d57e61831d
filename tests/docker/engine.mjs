import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Unavailable } from '../machine/unavailable.mjs';

const run = promisify(execFile);
export const repository = join(import.meta.dirname, '../..');
export const python = join(repository, '.venv/bin/python');

/** A Docker engine with the home-made image, as the demo uses them. */
export class Engine {
  /**
   * Opens the engine that runs here, or one of our own that ends with this process.
   *
   * @throws Unavailable where neither can be had.
   */
  static async open() {
    if (!existsSync(python)) {
      throw new Unavailable('there is no virtual environment yet; npm test makes it');
    }
    // Its standard input is ours: when we end, however we end, it does too.
    const keeper = spawn(python, ['-m', 'dev.docker'], {
      cwd: repository,
      stdio: ['pipe', 'pipe', 'pipe']
    });
    let errors = '';
    keeper.stderr.on('data', chunk => {
      errors += String(chunk);
    });
    const ended = new Promise(resolve => keeper.once('exit', resolve));
    const line = await new Promise(resolve => {
      createInterface({ input: keeper.stdout })
        .once('line', resolve)
        .once('close', () => resolve(''));
    });
    if (!line.startsWith('{')) {
      const code = await ended;
      if (code === 77) {
        throw new Unavailable(line);
      }
      throw new Error(`python -m dev.docker ended with ${code}: ${line} ${errors.slice(-2000)}`);
    }
    return new Engine(JSON.parse(line), keeper, ended);
  }

  constructor(about, keeper, ended) {
    this.about = about;
    this.keeper = keeper;
    this.ended = ended;
    this.containers = new Set();
    this.volumes = new Set();
    /** Each ends something that uses the engine. */
    this.enders = new Set();
  }

  /** Runs the docker command and returns what it prints. */
  async docker(...words) {
    const { stdout } = await run('docker', ['--host', this.about.host, ...words], { maxBuffer: 16 << 20 });
    return stdout.trim();
  }

  /** Removes what the tests made and gives the engine back. */
  async close() {
    try {
      await Promise.all([...this.enders].map(end => end()));
      for (const name of this.containers) {
        await this.docker('rm', '--force', name);
      }
      for (const name of this.volumes) {
        await this.docker('volume', 'rm', '--force', name);
      }
    } finally {
      this.keeper.stdin.end();
      await this.ended;
    }
  }
}

import { mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.mjs';

const ROOT = '/sys/fs/cgroup';
const CONTROLLERS = '+memory +cpu +pids';

/** A control group (v2), made now, with the given interface files written: `{ 'memory.max': '256M' }`. */
export class Group {
  constructor(name, settings = {}) {
    this.name = name;
    const parts = name.split('/');
    for (let depth = 0; depth < parts.length; depth++) {
      const parent = join(ROOT, ...parts.slice(0, depth));
      // A group with processes in it cannot hand on controllers, the root can.
      writeFileSync(join(parent, 'cgroup.subtree_control'), CONTROLLERS);
      mkdirSync(join(ROOT, ...parts.slice(0, depth + 1)), { recursive: true });
    }
    for (const [file, value] of Object.entries(settings)) {
      this.write(file, value);
    }
  }

  write(file, value) {
    writeFileSync(join(ROOT, this.name, file), String(value));
  }

  read(file) {
    return readFileSync(join(ROOT, this.name, file), 'utf8').trim();
  }

  /** The value of `key` in a file of "key value" lines, such as memory.events or memory.stat. */
  number(file, key) {
    const line = this.read(file)
      .split('\n')
      .find(entry => entry.startsWith(`${key} `));
    return line === undefined ? null : Number(line.slice(key.length + 1));
  }

  /** What cannot be reclaimed, as the issue defines it: anonymous + shared + kernel memory, bytes. */
  unreclaimable() {
    return ['anon', 'shmem', 'kernel'].reduce((sum, key) => sum + (this.number('memory.stat', key) ?? 0), 0);
  }

  /** Kills what is left and removes the group. */
  async remove() {
    this.write('cgroup.kill', 1);
    await eventually(() => this.number('cgroup.events', 'populated') === 0, 5000, `${this.name} to be empty`);
    for (const entry of readdirSync(join(ROOT, this.name), { withFileTypes: true })) {
      if (entry.isDirectory()) {
        rmdirSync(join(ROOT, this.name, entry.name));
      }
    }
    rmdirSync(join(ROOT, this.name));
  }
}

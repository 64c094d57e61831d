import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { HomeDisk } from '../../src/journal/journal-disk.js';

/** Whoever has the home makes something else of a file. */
export type Spoil = (disk: HomeDisk, name: string) => void;

export function toLink({ folder }: HomeDisk, name: string): void {
  rmSync(join(folder, name), { recursive: true, force: true });
  symlinkSync(name, join(folder, name));
}

export function toFolder({ folder }: HomeDisk, name: string): void {
  rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(join(folder, name, 'something'), { recursive: true });
}

function toSocket({ folder }: HomeDisk, name: string): void {
  rmSync(join(folder, name), { recursive: true, force: true });
  // Its path may be longer than an address can be.
  const make = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
  try {
    execFileSync(process.execPath, ['-e', make, name], { cwd: folder, stdio: 'ignore' });
  } catch {
    // It was killed, so that the socket stays.
  }
}

/** Reading a file fails, as where nobody may read it: tests run as root, who may. @returns ends that. */
export function failing(disk: HomeDisk, name: string, code: string): () => void {
  const error = Object.assign(new Error(`${code}: refused`), { code });
  const state = disk.state.bind(disk);
  const read = disk.read.bind(disk);
  const spies = [
    jest
      .spyOn(disk, 'state')
      .mockImplementation(other => (other === name ? Promise.reject(error) : state(other))),
    jest.spyOn(disk, 'read').mockImplementation((other, from, to) => {
      if (other === name) {
        throw error;
      }
      return read(other, from, to);
    })
  ];
  return () => spies.forEach(spy => spy.mockRestore());
}

export const SPOILS: [string, Spoil][] = [
  ['a link', toLink],
  ['a folder', toFolder],
  ['a socket', toSocket],
  ['closed to everybody', (disk, name) => void failing(disk, name, 'EACCES')]
];

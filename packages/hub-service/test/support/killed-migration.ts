import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { DatabasePlace } from '../../src/store/database.js';
import { buildProgram } from './build-program.js';

/** A program that opens a database, and can be killed at any of its statements. */
export class KilledMigration {
  /** @param folder - where the program is put. */
  static async make(folder: string): Promise<KilledMigration> {
    const program = join(folder, 'child.mjs');
    await buildProgram(join(__dirname, '../migrate-child.mts'), program);
    return new KilledMigration(program);
  }

  private constructor(private readonly program: string) {}

  /** A process that is killed at its nth statement. @returns null = it was killed. @throws when it complains. */
  at(place: DatabasePlace, statement: number): string | null {
    const words = [this.program, JSON.stringify(place), String(statement)];
    const { signal, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    if (stderr !== '') {
      throw new Error(stderr);
    }
    return signal === 'SIGKILL' ? null : stdout;
  }
}

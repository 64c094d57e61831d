import { spawn } from 'node:child_process';
import { codeOf } from '../failure.js';
import { libpqEnvironment } from './libpq-environment.js';

/**
 * Runs one of PostgreSQL's own programs. The address goes by the environment: arguments are for all to see.
 *
 * @throws with the last thing that it said, and as `libpqEnvironment`.
 */
export async function runProgram(program: string, words: readonly string[], url: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, words, {
      env: { ...process.env, ...libpqEnvironment(url) },
      stdio: ['ignore', 'ignore', 'pipe']
    });
    let said = '';
    child.stderr.on('data', (text: Buffer) => {
      said = `${said}${text.toString()}`.slice(-2000);
    });
    child.once('error', error =>
      reject(codeOf(error) === 'ENOENT' ? new Error(`${program} is not installed here.`) : error)
    );
    child.once('close', code =>
      code === 0 ? resolve() : reject(new Error(`${program} ended with ${code}: ${said.trim()}`))
    );
  });
}

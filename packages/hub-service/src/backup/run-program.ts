import { spawn } from 'node:child_process';
import { codeOf } from '../failure.js';

/**
 * Runs one of PostgreSQL's own programs. The address goes by the environment: arguments are for all to see.
 *
 * @throws with the last thing that it said.
 */
export async function runProgram(program: string, words: readonly string[], url: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const child = spawn(program, words, {
      env: { ...process.env, ...connection(url) },
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

function connection(text: string): Record<string, string> {
  const url = new URL(text);
  const parts = {
    PGHOST: url.hostname.replace(/^\[|\]$/g, ''),
    PGPORT: url.port,
    PGUSER: decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1))
  };
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== ''));
}

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { startAuthority } from '../../packages/hub-service/test/support/timestamp-authority.ts';

/** `labkeeper witness`, the program of the wheel. */
export async function startWitness(
  state: string
): Promise<{ url: string; fingerprint: string; stop(): void }> {
  const program = join(import.meta.dirname, '../../labkeeper/node/witness.mjs');
  const child = spawn(process.execPath, [program, '--state', state, '--listen', '127.0.0.1:0'], {
    stdio: ['ignore', 'pipe', 'inherit']
  });
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', text => resolve(String(text)));
    child.once('exit', code => reject(new Error(`The witness ended with ${code}`)));
  });
  const [, url = '', fingerprint = ''] = /at (\S+)\. Key: (\w+)/.exec(line) ?? [];
  return { url, fingerprint, stop: () => void child.kill() };
}

/** A timestamp authority: `openssl ts`. */
export async function startTimestamps(folder: string) {
  const { url, certificate, close } = await startAuthority(folder);
  return { url, certificate, stop: () => void close() };
}

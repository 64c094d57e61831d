import { execFileSync } from 'node:child_process';

let found: string | null = null;

/** The package index that this machine's pip is set to use, with a slash at its end. */
export function machineIndex(): string {
  const url = (found ??= process.env['PIP_INDEX_URL'] ?? settingOfPip() ?? 'https://pypi.org/simple/');
  return url.replace(/\/*$/, '/');
}

function settingOfPip(): string | null {
  try {
    return execFileSync('python3', ['-m', 'pip', 'config', 'get', 'global.index-url'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore']
    }).trim();
  } catch {
    return null; // pip ends with 1 when it is not set.
  }
}

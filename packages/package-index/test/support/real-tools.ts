import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a tool printed, and how it ended. */
export interface IRun {
  readonly code: number;
  readonly said: string;
}

const RUN_MS = 120_000;
const SIZE_BYTES = 20_000_000;

/** pip and uv of the project, with no settings but ours, into a virtual environment of the test's own. */
export class RealTools {
  readonly folder = mkdtempSync(join(tmpdir(), 'labkeeper-tools-'));
  readonly python = join(this.folder, 'venv/bin/python');

  constructor() {
    execFileSync('python3', ['-m', 'venv', '--without-pip', join(this.folder, 'venv')]);
  }

  /** `pip install` by the tests' own Python. */
  pip(indexUrl: string, ...args: readonly string[]): Promise<IRun> {
    const options = ['--disable-pip-version-check', '--no-input', '--python', this.python];
    return run('python3', ['-m', 'pip', ...options, 'install', '--index-url', indexUrl, ...args], {
      PIP_CONFIG_FILE: '/dev/null',
      PIP_ROOT_USER_ACTION: 'ignore',
      PIP_CACHE_DIR: join(this.folder, 'pip-cache'),
      PIP_RETRIES: '0'
    });
  }

  uv(indexUrl: string, ...args: readonly string[]): Promise<IRun> {
    return run('uv', ['pip', 'install', '--python', this.python, '--default-index', indexUrl, ...args], {
      UV_NO_CONFIG: '1',
      UV_CACHE_DIR: join(this.folder, `uv-cache-${++this.caches}`)
    });
  }

  /** Names and versions of what is installed. */
  installed(): readonly string[] {
    const code =
      'import importlib.metadata as m; print(*sorted(f"{d.name} {d.version}" for d in m.distributions()), sep="\\n")';
    return execFileSync(this.python, ['-c', code], { encoding: 'utf8' }).split('\n').filter(Boolean);
  }

  async uninstall(...names: readonly string[]): Promise<void> {
    await run('uv', ['pip', 'uninstall', '--python', this.python, ...names], { UV_NO_CONFIG: '1' });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private caches = 0;
}

/** The package index that this machine's pip is set to use; null = it does not answer. */
export function machineIndex(): string | null {
  const url = process.env['PIP_INDEX_URL'] ?? settingOfPip() ?? 'https://pypi.org/simple/';
  const code = `fetch(${JSON.stringify(`${url.replace(/\/*$/, '')}/six/`)}, {signal: AbortSignal.timeout(10000)}).then(a => process.exit(a.ok ? 0 : 1), () => process.exit(1))`;
  try {
    execFileSync(process.execPath, ['-e', code], { stdio: 'ignore' });
    return url;
  } catch {
    // No network: what needs it is skipped, and says so.
    return null;
  }
}

function settingOfPip(): string | null {
  try {
    return execFileSync('python3', ['-m', 'pip', 'config', 'get', 'global.index-url'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore']
    }).trim();
  } catch {
    // pip ends with 1 when it is not set.
    return null;
  }
}

function run(command: string, args: readonly string[], env: Readonly<Record<string, string>>): Promise<IRun> {
  const options = { timeout: RUN_MS, maxBuffer: SIZE_BYTES, env: { PATH: process.env['PATH'], ...env } };
  return new Promise(resolve =>
    execFile(command, [...args], options, (error, stdout, stderr) =>
      resolve({
        code: error ? (typeof error.code === 'number' ? error.code : -1) : 0,
        said: `${stdout}${stderr}`
      })
    )
  );
}

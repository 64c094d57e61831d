import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const PYTHON = resolve('.venv/bin/python');
const UV = resolve('.venv/bin/uv');

/** What is done with packages, by which tool. */
export type Task = 'pip install' | 'uv install' | 'pip plan' | 'uv plan';

/** How a tool ended. */
export interface IToolRun {
  readonly ms: number;
  readonly code: number;
  readonly said: string;
}

/** pip and uv of the project, with no cache and no settings but the index, each time into an environment that is new. */
export class PackageTools {
  readonly folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-tools-'));

  /** @throws when the tool fails: how long that took says nothing. */
  async time(task: Task, index: string, packages: readonly string[]): Promise<number> {
    const { ms, code, said } = await this.run(task, index, packages);
    if (code !== 0) throw new Error(`${task} from ${new URL(index).host} failed: ${said.slice(-2000)}`);
    return ms;
  }

  async run(task: Task, index: string, packages: readonly string[]): Promise<IToolRun> {
    const venv = join(this.folder, `venv-${++this.made}`);
    execFileSync(UV, ['venv', '--quiet', '--python', PYTHON, venv], { env: environment(), stdio: 'pipe' });
    try {
      return await spawned(this.command(task, index, venv, packages));
    } finally {
      rmSync(venv, { recursive: true, force: true });
    }
  }

  /** Installs into a folder, without making an environment first. */
  async installInto(folder: string, index: string, packages: readonly string[]): Promise<IToolRun> {
    return spawned([
      ...[UV, 'pip', 'install', '--no-cache', '--python', PYTHON, '--target', folder],
      ...['--default-index', index, ...packages]
    ]);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  private command(task: Task, index: string, venv: string, packages: readonly string[]): readonly string[] {
    const python = join(venv, 'bin/python');
    const pip = [PYTHON, '-m', 'pip', '--no-cache-dir', '--no-input', '--python', python, 'install'];
    const uv = ['--no-cache', '--python', python, '--default-index', index];
    switch (task) {
      case 'pip install':
        return [...pip, '--index-url', index, ...packages];
      case 'uv install':
        return [UV, 'pip', 'install', ...uv, ...packages];
      case 'pip plan':
        return [
          ...pip,
          '--quiet',
          '--dry-run',
          '--report',
          `${venv}/report.json`,
          '--index-url',
          index,
          ...packages
        ];
      case 'uv plan':
        return [UV, 'pip', 'compile', '--quiet', ...uv, this.requirements(packages)];
    }
  }

  private requirements(packages: readonly string[]): string {
    const file = join(this.folder, 'requirements.in');
    writeFileSync(file, `${packages.join('\n')}\n`);
    return file;
  }

  private made = 0;
}

/** Ours without what would choose another index or keep something between two runs. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(?:PIP|UV|PYTHON|VIRTUAL)/.test(name) || name === 'PIP_CERT'
  );
  return {
    ...Object.fromEntries(kept),
    PIP_CONFIG_FILE: '/dev/null',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    UV_NO_CONFIG: '1'
  };
}

function spawned([command = '', ...args]: readonly string[]): Promise<IToolRun> {
  const beganAtMs = performance.now();
  const child = spawn(command, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const hear = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-20_000));
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve({ ms: performance.now() - beganAtMs, code: code ?? -1, said }));
  });
}

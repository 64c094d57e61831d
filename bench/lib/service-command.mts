// The command that runs the hub service, as labkeeper.hub gives it to JupyterHub: with the arguments of Node.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What labkeeper.hub_process sets beside it. */
export const SERVICE_MEMORY = { MALLOC_ARENA_MAX: '2' } as const;

/** What stands behind the name of Node. */
export const SERVICE_COMMAND: readonly string[] = execFileSync(
  join(ROOT, '.venv/bin/python'),
  [
    '-c',
    'from labkeeper.managed_service import NODE_ARGUMENTS, PROGRAM; print(*NODE_ARGUMENTS, PROGRAM, sep="\\n")'
  ],
  { cwd: ROOT, encoding: 'utf8' }
)
  .trim()
  .split('\n');

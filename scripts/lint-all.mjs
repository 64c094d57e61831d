// Everything that lint looks at, at once: `npm run lint:all`. What a part says is shown when it ends.
import { spawn } from 'node:child_process';

const PYTHON = ['labkeeper', 'dev', 'tests'];
const PARTS = [
  ['tsc', '-b'],
  ['eslint', '--max-warnings=0', '.'],
  ['prettier', '--check', '--log-level=warn', '.'],
  ['ruff', 'check', ...PYTHON],
  ['ruff', 'format', '--check', ...PYTHON]
];

/** @returns whether it has nothing to complain of. */
function isClean([command, ...args]) {
  return new Promise(resolve => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (said += data));
    child.on('error', error => {
      console.log(`${command}: ${error.message}`);
      resolve(false);
    });
    child.on('close', code => {
      if (code !== 0) console.log(`${said.trimEnd()}\n${[command, ...args].join(' ')}: failed`);
      resolve(code === 0);
    });
  });
}

const clean = await Promise.all(PARTS.map(isClean));
process.exitCode = clean.every(Boolean) ? 0 : 1;

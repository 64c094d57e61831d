/**
 * Records every message that this build's companion sends to a hub service, byte for byte, into
 * tests/companions/v<protocol>-<release>: by running the companion against the real service. Once for each release, see
 * CONTRIBUTING.md. `--again` makes the recording of a release that is not out yet anew. Needs a built tree (`tsc -b`).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { HUB_PROTOCOL } = await import('../packages/protocol/lib/index.js');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const folder = join(root, 'tests/companions', `v${HUB_PROTOCOL}-${version}`);
if (existsSync(folder) && !process.argv.includes('--again')) {
  console.error(
    `${folder} is there already. What was released is never recorded anew; where ${version} is not out yet, add --again.`
  );
  process.exit(1);
}
// Inside of the tree, so that what it imports is found, and so that what it makes can be moved.
const cache = join(root, 'node_modules/.cache');
mkdirSync(cache, { recursive: true });
mkdirSync(join(root, 'tests/companions'), { recursive: true });
const program = join(cache, 'companion-recorder.mjs');
await build({
  entryPoints: [join(root, 'scripts/companion-recorder.mts')],
  outfile: program,
  bundle: true,
  packages: 'external',
  platform: 'node',
  format: 'esm',
  jsx: 'automatic'
});
const made = mkdtempSync(join(cache, 'recording-'));
const { status } = spawnSync(process.execPath, [program, made], { stdio: 'inherit' });
if (status === 0) {
  rmSync(folder, { recursive: true, force: true });
  renameSync(made, folder);
  console.log(`Recorded in ${folder}.`);
} else {
  rmSync(made, { recursive: true, force: true });
  process.exitCode = 1;
}

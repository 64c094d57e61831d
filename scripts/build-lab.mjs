import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { basename, resolve } from 'node:path';

// All settings schemas belong to the one bundle, so they are gathered in its schema folder.
const extension = resolve('packages/labextension');
rmSync(`${extension}/schema`, { recursive: true, force: true });
mkdirSync(`${extension}/schema`);
for (const file of globSync('packages/*/settings/*.json'))
  cpSync(file, `${extension}/schema/${basename(file)}`);

const builder = resolve('node_modules/@jupyter/builder/lib/build-labextension.js');
const core = resolve('node_modules/@jupyterlab/core-meta/core.package.json');
// The builder takes the package.json of its working directory for the bundled package.
execFileSync(process.execPath, [builder, '--core-package-file', core, ...process.argv.slice(2), '.'], {
  cwd: extension,
  stdio: 'inherit'
});

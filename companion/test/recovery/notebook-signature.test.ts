import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotebookScanner } from '@labkeeper/core';
import { signNotebook } from '../../src/recovery/notebook-signature.js';
import { stampAt } from '../../src/recovery/plain-file.js';
import { scratch } from '../wire.js';
import { code, notebookText, printed } from './notebooks.js';

/** nbformat's own: prepares its secret and its database, or tells whether it trusts a notebook. */
const PYTHON = `
import sys
import nbformat
from nbformat.sign import NotebookNotary
what, folder, path = sys.argv[1:]
notary = NotebookNotary(data_dir=folder)
notary.secret, notary.store
nb = nbformat.read(path, as_version=4)
if what == 'sign':
    notary.sign(nb)
print(notary.check_signature(nb))
`;

const display = (data: object) => ({ data, metadata: { n: 1.5 }, output_type: 'display_data' });
const FILE = notebookText(
  [
    code('one', { id: 'a', outputs: [printed('1\n'), display({ 'text/html': ['<b>\n', 'é 😀</b>'] })] }),
    code('two', {
      id: 'b',
      execution_count: 3,
      outputs: [display({ 'application/json': { '\uff5e': 1, '😀': [null, true] } })]
    })
  ],
  { kernelspec: { name: 'python3' }, signature: 'sha256:old' },
  5
).replace('"n": 1.5', '"n": [1e-7, 1.0, 1e16, 12345678901234567890, -0.0, 5e-324]');

describe('the signature of a notebook', () => {
  let home: ReturnType<typeof scratch>;
  let path: string;
  beforeEach(() => {
    home = scratch();
    path = join(home.path, 'a.ipynb');
    writeFileSync(path, FILE);
    writeFileSync(join(home.path, 'empty.ipynb'), notebookText([], {}, 5));
    nbformat('sign', 'empty.ipynb');
  });
  afterEach(() => home.remove());

  const nbformat = (what: 'sign' | 'check', file = 'a.ipynb'): string =>
    execFileSync('python', ['-W', 'ignore', '-c', PYTHON, what, home.path, join(home.path, file)], {
      encoding: 'utf8'
    }).trim();

  async function sign(stampedAt = path): Promise<boolean> {
    const scanner = new NotebookScanner();
    scanner.push(readFileSync(path));
    const scan = scanner.end();
    const stamp = await stampAt(stampedAt);
    if (scan.kind !== 'map' || stamp === null) {
      throw new Error('no notebook');
    }
    return signNotebook(
      { path, stamp, map: scan.map },
      { secretFile: join(home.path, 'notebook_secret'), dbFile: join(home.path, 'nbsignatures.db') }
    );
  }

  it('is the one that nbformat makes', async () => {
    expect(nbformat('check')).toBe('False');
    expect(await sign()).toBe(true);
    expect(await sign()).toBe(true);
    expect(nbformat('check')).toBe('True');
  });

  it('is not given to a file that somebody else wrote', async () => {
    expect(await sign(join(home.path, 'empty.ipynb'))).toBe(false);
    expect(nbformat('check')).toBe('False');
  });
});

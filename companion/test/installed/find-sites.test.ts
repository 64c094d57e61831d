import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findSites } from '../../src/installed/find-sites.js';
import { scratch } from '../wire.js';
import { NO_SITES } from './watched.js';

describe('the folders of installed packages', () => {
  const folder = scratch();
  afterAll(() => folder.remove());
  const at = (path: string): string => join(folder.path, path);

  function kernel(name: string, text: string): void {
    mkdirSync(at(`kernels/${name}`), { recursive: true });
    writeFileSync(at(`kernels/${name}/kernel.json`), text);
  }

  const argv = (program: string): string => JSON.stringify({ argv: [program, '-m', 'ipykernel_launcher'] });

  it('are those of the server, the user and the kernels, each once, without running anything', async () => {
    mkdirSync(at('conda/conda-meta'), { recursive: true });
    mkdirSync(at('conda/lib/python3.12/site-packages'), { recursive: true });
    mkdirSync(at('work/lib/python3.13t/site-packages'), { recursive: true });
    mkdirSync(at('work/lib/python3.13t.old'), { recursive: true });
    writeFileSync(at('work/pyvenv.cfg'), '');
    symlinkSync('lib', at('work/lib64'));
    kernel('work', argv(at('work/bin/python')));
    kernel('again', argv(at('work/bin/python3.13')));
    kernel('conda', argv(at('conda/bin/python3')));
    kernel('r', argv(at('conda/bin/R')));
    kernel('bare', argv('python'));
    kernel('broken', '{"argv":');
    kernel('odd', '{"argv":[3]}');
    mkdirSync(at('kernels/empty'));
    const sites = await findSites({
      ...NO_SITES,
      prefix: at('conda'),
      python: '3.12',
      folders: [at('conda/lib/python3.12/site-packages'), at('usr/lib/python3/dist-packages')],
      userFolder: at('home/.local/lib/python3.12/site-packages'),
      kernelFolders: [at('kernels'), at('nothing')]
    });
    const relative = sites.map(({ path, prefix, ...more }) => ({
      ...{ path: path.slice(folder.path.length + 1), prefix: prefix.slice(folder.path.length + 1) },
      ...more
    }));
    expect(relative).toEqual([
      { path: 'conda/lib/python3.12/site-packages', prefix: 'conda', kind: 'conda', python: '3.12' },
      { path: 'usr/lib/python3/dist-packages', prefix: 'usr', kind: 'system', python: '3.12' },
      {
        path: 'home/.local/lib/python3.12/site-packages',
        prefix: 'home/.local',
        kind: 'user',
        python: '3.12'
      },
      { path: 'work/lib/python3.13t/site-packages', prefix: 'work', kind: 'venv', python: '3.13' }
    ]);
  });
});

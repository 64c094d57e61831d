import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.js';
import { KernelAsker } from '../../src/losses/kernel-asker.js';
import { kernelsMissing, RealKernel } from '../iopub/real-kernel.js';
import { scratch } from '../wire.js';

const MISSING = kernelsMissing();
const run = MISSING === null ? describe : describe.skip;
if (MISSING !== null) {
  console.warn(`Kernels are not asked: ${MISSING}`);
}

/** Makes `python3` a kernel that calls itself another language. */
const PRETENDER = `
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
class Pretender(IPythonKernel):
    language_info = {"name": "R", "version": "4", "mimetype": "text/x-r", "file_extension": ".r"}
IPKernelApp.launch_instance(kernel_class=Pretender)
`;

run('A real Python kernel', () => {
  jest.setTimeout(60_000);
  const folder = scratch();
  let kernel: RealKernel;
  let asker: KernelAsker;

  beforeAll(async () => {
    kernel = await RealKernel.start(folder.path);
    asker = new KernelAsker(kernel.path, systemClock);
  });
  afterAll(async () => {
    await kernel.stop();
    folder.remove();
  });

  const execute = async (code: string): Promise<string[]> => kernel.wait(await kernel.execute([code]));
  const names = async (): Promise<Record<string, [string, number | null]>> => {
    const answer = await asker.inspect();
    if (answer.is !== 'known') {
      throw new Error(answer.is);
    }
    return Object.fromEntries(answer.variables.items.map(({ name, type, bytes }) => [name, [type, bytes]]));
  };

  it('says which variables it has, also where the user has names of builtins', async () => {
    await execute('list = 3; len = sorted = exec = None; json = b"x" * 1000; größe = bytearray(5000)');
    const known = await names();
    expect(Object.keys(known)).toEqual(['größe', 'json', 'list', 'len', 'sorted', 'exec']);
    expect(known['json']?.[0]).toBe('bytes');
    expect(known['json']?.[1]).toBeGreaterThan(1000);
    await execute('del list, len, sorted, exec, json, größe');
  });

  it('leaves out what comes back when the notebook runs', async () => {
    await execute('import os\ndef f(): pass\nclass A: pass\n_hidden = 1\nkept = 1');
    expect(Object.keys(await names())).toEqual(['kept']);
  });

  it('runs no code of the user: neither nbytes, nor size, nor repr, nor a disguised class', async () => {
    await execute(
      [
        'touched = []',
        'class Trap:',
        '    nbytes = property(lambda self: touched.append("nbytes"))',
        '    __class__ = property(lambda self: touched.append("class"))',
        '    def __repr__(self): touched.append("repr"); return ""',
        '    def __sizeof__(self): touched.append("size"); return 0',
        '    def __getattr__(self, name): touched.append(name)',
        'trap = Trap()'
      ].join('\n')
    );
    expect((await names())['trap']).toEqual(['Trap', null]);
    await execute('assert touched == [], touched');
    expect(await execute('assert touched == [], touched')).toEqual(['ok']);
  });

  it('leaves no trace: the number of the next cell, history and names are as they were', async () => {
    await execute('n = len(In)');
    await execute('before = {name for name in globals() if not name.startswith("_")} | {"before"}');
    await asker.inspect();
    expect(await execute('assert len(In) == n + 2, (len(In), n)')).toEqual(['ok']);
    const after = '{name for name in globals() if not name.startswith("_")}';
    expect(await execute(`assert ${after} == before, ${after} ^ before`)).toEqual(['ok']);
  });

  it('tells no more than 200, the largest, and how many there are', async () => {
    await execute('for i in range(3000): globals()[f"v{i}"] = bytes(i)');
    const answer = await asker.inspect();
    expect(answer.is === 'known' && answer.variables.items.length).toBe(200);
    expect(answer.is === 'known' && answer.variables.count).toBeGreaterThanOrEqual(3000);
    expect(answer.is === 'known' && answer.variables.items[0]?.name).toBe('v2999');
    await execute('for i in range(3000): del globals()[f"v{i}"]');
  });

  it('runs a checkpoint once, without a trace, and says how it failed', async () => {
    await execute('ran = 0; n = len(In)');
    expect(await asker.run('ran += 1', 5000)).toEqual({ is: 'done' });
    expect(await execute('assert (ran, len(In)) == (1, n + 1), (ran, len(In), n)')).toEqual(['ok']);
    expect(await asker.run('raise OSError("No space\\nleft")', 5000)).toEqual({
      is: 'failed',
      problem: 'OSError: No space left'
    });
  });

  it('stops no cell of the user that waits behind a checkpoint that fails', async () => {
    const first = await kernel.execute(['import time; time.sleep(0.3)']);
    const failed = asker.run('1 / 0', 5000);
    const second = await kernel.execute(['time.sleep(0.1)', 'after = 1']);
    expect((await failed).is).toBe('failed');
    expect(await kernel.wait([...first, ...second])).toEqual(['ok', 'ok', 'ok']);
  });

  it('that is gone gives no answer', async () => {
    await kernel.ask('kill');
    expect(await asker.inspect()).toEqual({ is: 'no-answer' });
    expect(await asker.run('1', 1000)).toEqual({ is: 'failed', problem: null });
    expect(await new KernelAsker(join(folder.path, 'kernel-none.json'), systemClock).inspect()).toEqual({
      is: 'no-answer'
    });
  });
});

run('A real kernel of another language', () => {
  jest.setTimeout(60_000);

  it('is recognised by what it says of itself, and runs checkpoint cells', async () => {
    const folder = scratch();
    const specs = join(folder.path, 'kernels', 'python3');
    mkdirSync(specs, { recursive: true });
    writeFileSync(join(folder.path, 'pretender.py'), PRETENDER);
    const argv = ['python3', join(folder.path, 'pretender.py'), '-f', '{connection_file}'];
    writeFileSync(join(specs, 'kernel.json'), JSON.stringify({ argv, display_name: 'R', language: 'R' }));
    process.env['JUPYTER_PATH'] = folder.path;
    const kernel = await RealKernel.start(folder.path);
    try {
      const asker = new KernelAsker(kernel.path, systemClock);
      expect(await asker.inspect()).toEqual({ is: 'language' });
      expect(await asker.run('x = 1', 5000)).toEqual({ is: 'done' });
    } finally {
      delete process.env['JUPYTER_PATH'];
      await kernel.stop();
      folder.remove();
    }
  });
});

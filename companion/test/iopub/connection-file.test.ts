import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseConnectionFile, readConnectionFile } from '../../src/iopub/connection-file.js';
import { scratch } from '../wire.js';

const GOOD = {
  shell_port: 40_001,
  iopub_port: 40_002,
  stdin_port: 40_003,
  control_port: 40_004,
  hb_port: 40_005,
  ip: '127.0.0.1',
  key: 'abc',
  transport: 'tcp',
  signature_scheme: 'hmac-sha256',
  kernel_name: 'python3'
};

const parsed = (changes: object) => parseConnectionFile(JSON.stringify({ ...GOOD, ...changes }));

describe('a connection file', () => {
  it('says where the kernel publishes and how it signs', () => {
    expect(parsed({})).toEqual({ at: { host: '127.0.0.1', port: 40_002 }, key: 'abc' });
    expect(parsed({ key: '', signature_scheme: undefined })).toMatchObject({ key: '' });
    expect(parsed({ ip: '::1' })).toMatchObject({ at: { host: '::1' } });
  });

  it.each(['localhost', '0.0.0.0', '*'])('at %s is on this machine', ip => {
    expect(parsed({ ip })).toMatchObject({ at: { host: '127.0.0.1' } });
  });

  it('can name a unix socket', () => {
    expect(parsed({ transport: 'ipc', ip: '/run/user/1/kernel-x-ipc', iopub_port: 2 })).toMatchObject({
      at: { path: '/run/user/1/kernel-x-ipc-2' }
    });
  });

  it.each<[string, object]>([
    ['encrypted', { curve_publickey: 'x'.repeat(40), curve_secretkey: 'y'.repeat(40) }],
    ['unsupported', { transport: 'pgm' }],
    ['unsupported', { transport: 'ipc', ip: 'kernel-ipc' }],
    ['unsupported', { signature_scheme: 'hmac-md5' }],
    ['malformed', { iopub_port: '40002' }],
    ['malformed', { iopub_port: 70_000 }],
    ['malformed', { iopub_port: 0 }],
    ['malformed', { iopub_port: undefined }],
    ['malformed', { ip: 'kernel.example.org' }],
    ['malformed', { key: 5 }]
  ])('is refused as %s: %p', (reason, changes) => {
    expect(() => parsed(changes)).toThrow(expect.objectContaining({ reason }));
  });

  it.each(['', '[]', 'null', '{"ip": "127.0.0'])('is malformed while it holds %p', text => {
    expect(() => parseConnectionFile(text)).toThrow(expect.objectContaining({ reason: 'malformed' }));
  });

  describe('on the disk', () => {
    const folder = scratch();
    const at = (name: string) => join(folder.path, name);
    writeFileSync(at('good.json'), JSON.stringify(GOOD), { mode: 0o600 });

    afterAll(() => folder.remove());

    it('is read', async () => {
      expect(await readConnectionFile(at('good.json'))).toMatchObject({ key: 'abc' });
    });

    it('is not read through a link, or when it is no plain file', async () => {
      symlinkSync(at('good.json'), at('link.json'));
      await expect(readConnectionFile(at('link.json'))).rejects.toMatchObject({ code: 'ELOOP' });
      mkdirSync(at('folder.json'));
      await expect(readConnectionFile(at('folder.json'))).rejects.toMatchObject({ name: 'NotOursError' });
      writeFileSync(at('two.json'), JSON.stringify(GOOD));
      linkSync(at('two.json'), at('names.json'));
      await expect(readConnectionFile(at('names.json'))).rejects.toMatchObject({ name: 'NotOursError' });
    });

    it('is not read when it is huge', async () => {
      writeFileSync(at('huge.json'), JSON.stringify({ ...GOOD, padding: 'x'.repeat(70_000) }));
      await expect(readConnectionFile(at('huge.json'))).rejects.toMatchObject({ reason: 'malformed' });
    });

    it('that is not there, or not readable, is an error of the system', async () => {
      await expect(readConnectionFile(at('none.json'))).rejects.toMatchObject({ code: 'ENOENT' });
      if (process.getuid?.() !== 0) {
        writeFileSync(at('closed.json'), '{}');
        chmodSync(at('closed.json'), 0);
        await expect(readConnectionFile(at('closed.json'))).rejects.toMatchObject({ code: 'EACCES' });
      }
    });
  });
});

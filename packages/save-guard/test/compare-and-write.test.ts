import { ServerConnection } from '@jupyterlab/services';
import { compareAndWrite } from '../src/contents/compare-and-write.js';

describe('A save', () => {
  const queries: string[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: 'http://localhost:8888/',
    Request: class {
      readonly headers = new Headers();
      constructor(url: string) {
        queries.push(new URL(url).search);
      }
    } as unknown as typeof Request,
    fetch: () => Promise.resolve(new Response('{"path":"a.ipynb"}', { status: 200 }))
  });
  const save = (...isActivity: boolean[]) =>
    compareAndWrite(settings, 'a.ipynb', null, 'run', { type: 'notebook' }, ...isActivity);

  it('counts as the user’s activity unless a kernel alone changed the document', async () => {
    await save();
    await save(true);
    await save(false);
    expect(queries.map(query => new URLSearchParams(query).get('no_track_activity'))).toEqual([
      null,
      null,
      '1'
    ]);
  });
});

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { IndexServer } from './support/index-server.js';
import { made, makeWheel, metadataOf } from './support/make-wheel.js';
import { SmallDisk } from './support/small-disk.js';
import { until } from './support/until.js';
import { UpstreamServer } from './support/upstream-server.js';

const whyNot = SmallDisk.whyNot();
if (whyNot !== null) {
  console.warn(`The package index is not tried on a full disk: ${whyNot}.`);
}

(whyNot === null ? describe : describe.skip)('on a full disk', () => {
  let disk: SmallDisk;
  let upstream: UpstreamServer;
  let index: IndexServer;
  const file = made('demo-1.0.tar.gz', randomBytes(5_000_000));

  beforeEach(async () => {
    disk = new SmallDisk(2);
    upstream = await UpstreamServer.start();
    upstream.projects.set('demo', { files: [file, makeWheel('demo', '2.0')] });
    index = await IndexServer.start({ upstreams: [{ id: 'main', url: upstream.url }], folder: disk.path });
  });
  afterEach(async () => {
    await index.close();
    await upstream.close();
    disk.remove();
  });

  it.each([true, false])(
    'files still come whole and checked, and it is told (ranges upstream: %p)',
    async knowsRanges => {
      upstream.knowsRanges = knowsRanges;
      const answers = await Promise.all([1, 2, 3].map(() => index.fetch(`files/demo/${file.filename}`)));
      for (const answer of answers) {
        const bytes = Buffer.from(await answer.arrayBuffer());
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256);
      }
      expect(index.events).toContainEqual(
        expect.objectContaining({
          kind: 'trouble',
          message: expect.stringMatching(/cannot be written: ENOSPC/)
        })
      );
      // What did not fit is gone, so that there is room for what does.
      await until(() => readdirSync(join(disk.path, 'files')).length === 0);
      expect(await (await index.fetch('files/demo/demo-2.0-py3-none-any.whl.metadata')).text()).toBe(
        metadataOf('demo', '2.0')
      );
    }
  );
});

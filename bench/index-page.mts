// index.page.p95, index.page.cpu, index.304.p95: the page of the project with the most files, as the index of this machine's
// pip gives it, filtered, as JSON, when it is warm: to the last byte, over one connection, and what that costs the process
// of the index. As tools ask for it: compressed. Uncompressed, as nobody but people asks, is in the samples.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IndexService } from './lib/index-service.mts';
import { PROJECTS } from './lib/known-projects.mts';
import { whenQuiet } from './lib/machine.mts';
import { PageAsker, type IAnswers } from './lib/page-asker.mts';
import { recordPages, servePages } from './lib/recorded-pages.mts';
import { record } from './lib/result.mts';
import { quantile } from './lib/statistics.mts';
import { times } from './lib/trial.mts';

const TIMES = times(2000, 200);
const WARM_UP = 300;
const JSON_FORM = 'application/vnd.pypi.simple.v1+json';

interface IMeasured {
  readonly p50: number;
  readonly p95: number;
  readonly cpuMs: number;
  readonly bytes: number;
  readonly status: number;
}

const pages = await recordPages(PROJECTS);
const [largest] = [...pages].sort((one, other) => other.body.length - one.body.length);
const upstream = await servePages(pages);
const folder = mkdtempSync(join(tmpdir(), 'labkeeper-bench-index-'));
const index = await IndexService.start({ upstream: upstream.url, folder, blocks: 'old' });
const asker = new PageAsker();
const url = `${index.url}${largest!.name}/`;
const measure = async (headers: Readonly<Record<string, string>>): Promise<IMeasured & IAnswers> => {
  await asker.ask({ url, headers, times: WARM_UP });
  const before = index.cpuMs();
  const answers = await asker.ask({ url, headers, times: TIMES });
  const cpuMs = (index.cpuMs() - before) / TIMES;
  return { ...answers, p50: quantile(answers.ms, 0.5), p95: quantile(answers.ms, 0.95), cpuMs };
};
const said = ({ p50, p95, cpuMs, bytes, status }: IMeasured): IMeasured => ({
  p50,
  p95,
  cpuMs,
  bytes,
  status
});
try {
  const text = await (await fetch(url, { headers: { accept: JSON_FORM } })).json();
  const blocked = text.files.filter((file: { readonly _labkeeper?: object }) => file._labkeeper).length;
  await whenQuiet();
  const compressed = await measure({ accept: JSON_FORM, 'accept-encoding': 'gzip, deflate' });
  const unchanged = await measure({
    ...{ accept: JSON_FORM, 'accept-encoding': 'gzip, deflate' },
    'if-none-match': compressed.etag
  });
  const whole = await measure({ accept: JSON_FORM, 'accept-encoding': 'identity' });
  if (compressed.status !== 200 || whole.status !== 200 || unchanged.status !== 304 || blocked === 0)
    throw new Error(
      `not the answers that are to be measured: ${JSON.stringify({ blocked, ...[compressed, whole, unchanged].map(said) })}`
    );
  const of = `the page of ${largest!.name} (${text.files.length} files, ${blocked} of them blocked), JSON, warm`;
  const samples = {
    ...{ project: largest!.name, files: text.files.length, blocked, upstreamBytes: largest!.body.length },
    ...{
      compressed: said(compressed),
      unchanged: said(unchanged),
      whole: said(whole),
      memory: index.memory()
    }
  };
  for (const [id, what, unit, value] of [
    ['index.page.p95', `ms for ${of}, compressed, as pip and uv ask`, 'ms', compressed.p95],
    ['index.page.cpu', `CPU of the index's process for ${of}, compressed`, 'ms', compressed.cpuMs],
    ['index.304.p95', `ms for ${of}, unchanged by its tag`, 'ms', unchanged.p95]
  ] as const)
    record({ id, what, unit, value, n: TIMES, samples }, 'index-page');
} finally {
  asker.stop();
  await index.stop();
  upstream.close();
  rmSync(folder, { recursive: true });
}

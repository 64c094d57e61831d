import type { IAsker } from '../decision.js';
import type { KeptPage } from '../upstream/kept-page.js';
import { judgeFile } from './judged-file.js';
import type { IPageRenderer } from './page-renderer.js';
import type { PageVerdict } from './page-verdict.js';

/** A page piece by piece, as policy shows it to somebody. @param verdict - is told of each file. */
export async function* renderPage(
  page: KeptPage,
  asker: IAsker,
  renderer: IPageRenderer,
  verdict: PageVerdict
): AsyncGenerator<string> {
  const { name, index, hasVersions } = page.head;
  const versions = new Set<string>();
  let isFirst = true;
  yield renderer.head;
  for await (const files of page.files()) {
    let text = '';
    for (const file of files) {
      const judged = judgeFile(name, file, index, asker);
      verdict.add(judged);
      if (!hasVersions && judged.version !== null) {
        versions.add(judged.version);
      }
      text += renderer.file(judged, isFirst);
      isFirst = false;
    }
    yield text;
  }
  yield renderer.tail(hasVersions ? page.versions : [...versions]);
}

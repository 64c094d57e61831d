import { normalizeName } from '../project-name.js';
import { escapedHtml } from './escaped-html.js';

/** The list of all projects (PEP 503 and 691), piece by piece. @param missing - ids of indexes whose names are not in it. */
export async function* renderNames(
  names: AsyncIterable<readonly string[]>,
  missing: readonly string[],
  isJson: boolean
): AsyncGenerator<string> {
  yield isJson ? jsonHead(missing) : htmlHead(missing);
  let separator = '';
  for await (const some of names) {
    if (some.length > 0) {
      yield separator + some.map(isJson ? jsonEntry : link).join(isJson ? ',' : '');
      separator = isJson ? ',' : '';
    }
  }
  yield isJson ? ']}' : '</body></html>\n';
}

function jsonHead(missing: readonly string[]): string {
  const beside = JSON.stringify({ meta: { 'api-version': '1.4' }, _labkeeper: { missing } });
  return `${beside.slice(0, -1)},"projects":[`;
}

function jsonEntry(name: string): string {
  return JSON.stringify({ name });
}

function htmlHead(missing: readonly string[]): string {
  const meta = [
    ['pypi:repository-version', '1.4'],
    ...(missing.length > 0 ? [['labkeeper:missing', missing.join(', ')]] : [])
  ];
  return [
    '<!DOCTYPE html>',
    '<html lang="en"><head><meta charset="utf-8">',
    ...meta.map(([key = '', value = '']) => `<meta name="${key}" content="${escapedHtml(value)}">`),
    '<title>All projects</title></head><body>\n'
  ].join('\n');
}

function link(name: string): string {
  return `<a href="${normalizeName(name)}/">${escapedHtml(name)}</a><br>\n`;
}

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import ts from 'typescript';

const PACKAGES = ['labkit', 'resource-meter', 'save-guard', 'package-installer'];
/** Methods of a TranslationBundle, and how many of their first arguments are texts. */
const TEXTS = new Map([
  ['__', 1],
  ['_n', 2]
]);

/** Every text that the pages may say, with its plural where it has one. Read from the sources. */
function messages(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      const texts = node.arguments
        .slice(0, TEXTS.get(node.expression.name.text) ?? 0)
        .flatMap(argument => (ts.isStringLiteralLike(argument) ? [argument.text] : []));
      if (texts[0] !== undefined) found.set(texts[0], texts);
    }
    ts.forEachChild(node, visit);
  };
  for (const name of PACKAGES) {
    const folder = join('packages', name, 'src');
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (/\.tsx?$/.test(file)) {
        const text = readFileSync(join(folder, file), 'utf8');
        visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
      }
    }
  }
  return found;
}

/** The same text, recognisable, and longer by two fifths, as German or Finnish would be. */
function pseudo(text: string): string {
  return `⟦${text} ${'·'.repeat(Math.ceil(0.4 * text.length))}⟧`;
}

/** Lets Lab believe that its server has a language pack for Labkeeper. Before the page is opened. */
export async function speakPseudo(page: Page): Promise<void> {
  const texts = [...messages()].map(([id, forms]) => [id, forms.map(pseudo)] as const);
  const labkeeper = Object.fromEntries([
    ['', { domain: 'labkeeper', language: 'eo', plural_forms: 'nplurals=2; plural=(n != 1);' }],
    ...texts
  ]);
  await page.route(/\/api\/translations\//, route =>
    route.fulfill({ json: { data: { labkeeper }, message: '' } })
  );
}

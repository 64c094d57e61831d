import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { type IShellProps, Shell } from './view/shell.js';

/** A whole page as HTML. */
export function renderPage(props: IShellProps): string {
  return `<!doctype html>${renderToStaticMarkup(createElement(Shell, props))}`;
}

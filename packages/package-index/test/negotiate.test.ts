import { negotiate } from '../src/pages/negotiate.js';

const JSON_FORM = 'application/vnd.pypi.simple.v1+json';
const HTML_FORM = 'application/vnd.pypi.simple.v1+html';

describe('the form of a page', () => {
  it.each([
    // pip and uv.
    [`${JSON_FORM}, ${HTML_FORM}; q=0.1, text/html; q=0.01`, undefined, JSON_FORM],
    [`${JSON_FORM};q=0.2, ${HTML_FORM};q=0.9, text/html;q=0.5`, undefined, HTML_FORM],
    [`${JSON_FORM};q=0, text/html`, undefined, 'text/html'],
    ['application/vnd.pypi.simple.latest+json', undefined, JSON_FORM],
    ['APPLICATION/VND.PYPI.SIMPLE.V1+JSON', undefined, JSON_FORM],
    ['text/html, */*;q=0.1', undefined, 'text/html'],
    [`${HTML_FORM};q=0.3, */*;q=0.1`, undefined, HTML_FORM],
    ['*/*', undefined, 'text/html'],
    ['text/*', undefined, 'text/html'],
    ['', undefined, 'text/html'],
    [undefined, undefined, 'text/html'],
    ['application/json', undefined, null],
    [`${JSON_FORM};q=nonsense`, undefined, 'text/html'],
    ['text/html', JSON_FORM, JSON_FORM],
    // As a browser sends it unescaped.
    ['text/html', 'application/vnd.pypi.simple.v1 json', JSON_FORM],
    [JSON_FORM, 'text/html', 'text/html'],
    [JSON_FORM, 'application/xml', null]
  ])('is, for %p and ?format=%p, %p', (accept, format, form) => {
    expect(negotiate(accept, format)).toBe(form);
  });
});

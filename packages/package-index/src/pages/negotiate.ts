/** A form in which pages are served, as its content type names it. */
export type PageForm =
  'application/vnd.pypi.simple.v1+json' | 'application/vnd.pypi.simple.v1+html' | 'text/html';

/** In the order of preference among equals; the last but one is what browsers and old tools mean by anything. */
const FORMS: readonly PageForm[] = [
  'application/vnd.pypi.simple.v1+json',
  'text/html',
  'application/vnd.pypi.simple.v1+html'
];
const ALIASES: Readonly<Record<string, PageForm>> = {
  'application/vnd.pypi.simple.latest+json': 'application/vnd.pypi.simple.v1+json',
  'application/vnd.pypi.simple.latest+html': 'application/vnd.pypi.simple.v1+html'
};
/** Longer ones are read no further. */
const ACCEPT_CHARACTERS = 2000;

/**
 * The form that an asker takes.
 *
 * @param accept - the header; undefined = anything. @param format - `?format=`, which wins (PEP 691); undefined = not given.
 * @returns null = there is none that they take.
 */
export function negotiate(accept: string | undefined, format: string | undefined): PageForm | null {
  if (format !== undefined) {
    // A plus sign that was not escaped reads as a space.
    return formOf(format.trim().replaceAll(' ', '+').toLowerCase());
  }
  const wanted = (accept ?? '').slice(0, ACCEPT_CHARACTERS).split(',').flatMap(rangeOf);
  if (wanted.length === 0) {
    return 'text/html';
  }
  let best: { readonly form: PageForm; readonly weight: number } | null = null;
  for (const form of FORMS) {
    const weight = weightOf(form, wanted);
    if (weight > 0 && (best === null || weight > best.weight)) {
      best = { form, weight };
    }
  }
  // Who takes anything alike gets what everybody can read.
  return best && isAnything(wanted, best.weight) ? 'text/html' : (best?.form ?? null);
}

interface IRange {
  readonly type: string;
  readonly weight: number;
}

function rangeOf(text: string): readonly IRange[] {
  const [name = '', ...parameters] = text.split(';').map(part => part.trim().toLowerCase());
  const given = parameters.find(parameter => parameter.startsWith('q='));
  const weight = given === undefined ? 1 : Number(given.slice(2));
  const type = ALIASES[name] ?? name;
  return type.includes('/') && weight >= 0 && weight <= 1 ? [{ type, weight }] : [];
}

/** What is named most exactly counts. */
function weightOf(form: PageForm, wanted: readonly IRange[]): number {
  const [major] = form.split('/');
  for (const pattern of [form, `${major}/*`, '*/*']) {
    const weights = wanted.filter(({ type }) => type === pattern).map(({ weight }) => weight);
    if (weights.length > 0) {
      return Math.max(...weights);
    }
  }
  return 0;
}

function isAnything(wanted: readonly IRange[], weight: number): boolean {
  return weightOf('text/html', wanted) === weight && !wanted.some(({ type }) => formOf(type) !== null);
}

function formOf(type: string): PageForm | null {
  const name = ALIASES[type] ?? type;
  return FORMS.find(form => form === name) ?? null;
}

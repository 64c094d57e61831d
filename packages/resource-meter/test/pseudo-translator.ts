import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Gettext } from '@jupyterlab/translation';

/** A language in which every sentence is English between ⟦ and ⟧: what lacks them was not translated. */
export const pseudoTranslator: ITranslator = {
  languageCode: 'en',
  load: (): TranslationBundle => {
    const one = (text: string, args: readonly unknown[]): string => `⟦${Gettext.strfmt(text, ...args)}⟧`;
    const some = (singular: string, plural: string, n: number, args: readonly unknown[]): string =>
      one(n === 1 ? singular : plural, [n, ...args]);
    const bundle: TranslationBundle = {
      __: (text, ...args) => one(text, args),
      gettext: (text, ...args) => one(text, args),
      _n: (singular, plural, n, ...args) => some(singular, plural, n, args),
      ngettext: (singular, plural, n, ...args) => some(singular, plural, n, args),
      _p: (_context, text, ...args) => one(text, args),
      pgettext: (_context, text, ...args) => one(text, args),
      _np: (_context, singular, plural, n, ...args) => some(singular, plural, n, args),
      npgettext: (_context, singular, plural, n, ...args) => some(singular, plural, n, args),
      dcnpgettext: (_domain, _context, singular, plural, n, ...args) => some(singular, plural, n, args)
    };
    return bundle;
  }
};

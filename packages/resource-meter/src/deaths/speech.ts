import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';
import { Quantities, TRANSLATION_DOMAIN } from '@labkeeper/labkit';

const HALF_A_DAY_MS = 12 * 3_600_000;

/** What is needed to say something in the language of the page. */
export class Speech {
  /**
   * @param translator - the page's.
   * @param now - milliseconds since the epoch.
   */
  constructor(
    translator: ITranslator,
    private readonly now: () => number
  ) {
    this.trans = translator.load(TRANSLATION_DOMAIN);
    this.quantities = new Quantities(translator);
    const locale = supportedLocale(translator.languageCode);
    this.second = new Intl.DateTimeFormat(locale, { timeStyle: 'medium' });
    this.daySecond = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  }

  readonly trans: TranslationBundle;
  readonly quantities: Quantities;

  /** The time to the second, "14:03:21"; with the date unless it was within the last 12 hours. */
  time(atMs: number): string {
    const recent = Math.abs(this.now() - atMs) < HALF_A_DAY_MS;
    return (recent ? this.second : this.daySecond).format(atMs);
  }

  private readonly second: Intl.DateTimeFormat;
  private readonly daySecond: Intl.DateTimeFormat;
}

/** Lab says `fr_FR` or a pseudo-language; Intl wants `fr-FR` and throws on what is no language tag. */
function supportedLocale(languageCode: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(languageCode.replaceAll('_', '-'))[0];
  } catch {
    // Not a language tag: the browser's own language decides how times are written.
    return undefined;
  }
}

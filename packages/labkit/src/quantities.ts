import type { ITranslator, TranslationBundle } from '@jupyterlab/translation';

/** The gettext domain of everything that Labkeeper says in the Lab page. */
export const TRANSLATION_DOMAIN = 'labkeeper';

const STEP = 1024;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * Numbers with their units as people say them: one decimal at most, binary units called MB and GB, in the
 * language of the page.
 */
export class Quantities {
  /** @param translator - the page's; its language also decides decimal sign and time of day. */
  constructor(translator: ITranslator) {
    this.trans = translator.load(TRANSLATION_DOMAIN);
    const locale = supportedLocale(translator.languageCode);
    this.decimal = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
    this.percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
    this.timeOfDay = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
    this.timeAndDay = new Intl.DateTimeFormat(locale, {
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit'
    });
    this.exact = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium' });
  }

  /** A number with one decimal at most: "1.4", "12". */
  number(value: number): string {
    return this.decimal.format(value);
  }

  /** "7.8 GB", "64 MB", "0 MB". Whole megabytes below a gigabyte. */
  bytes(bytes: number): string {
    return this.withUnit(unitOf(bytes), amount(bytes, unitOf(bytes)));
  }

  /** "5.1 of 8 GB": both in the unit of the whole. */
  bytesOf(usedBytes: number, wholeBytes: number): string {
    const unit = unitOf(wholeBytes);
    const used = this.decimal.format(amount(usedBytes, unit));
    return this.trans.__('%1 of %2', used, this.withUnit(unit, amount(wholeBytes, unit)));
  }

  /** "5.1 / 8 GB", for places where every letter counts. */
  bytesRatio(usedBytes: number, wholeBytes: number): string {
    const unit = unitOf(wholeBytes);
    return `${this.decimal.format(amount(usedBytes, unit))} / ${this.withUnit(unit, amount(wholeBytes, unit))}`;
  }

  /** A share from 0 to 1 as "38 %", in the way of the language. */
  share(share: number): string {
    return this.percent.format(share);
  }

  /** "12 s", "3 min", "2 h", "3 days": one unit, rounded down. */
  duration(durationMs: number): string {
    const ms = Math.max(0, durationMs);
    if (ms < MINUTE_MS) {
      return this.trans.__('%1 s', Math.floor(ms / 1000));
    }
    if (ms < HOUR_MS) {
      return this.trans.__('%1 min', Math.floor(ms / MINUTE_MS));
    }
    if (ms < 2 * DAY_MS) {
      return this.trans.__('%1 h', Math.floor(ms / HOUR_MS));
    }
    const days = Math.floor(ms / DAY_MS);
    return this.trans._n('%1 day', '%1 days', days);
  }

  /** "3 min 12 s", "2 h 5 min": two units, for proof. */
  exactDuration(durationMs: number): string {
    const seconds = Math.max(0, Math.floor(durationMs / 1000));
    const minutes = Math.floor(seconds / 60);
    if (minutes === 0) {
      return this.trans.__('%1 s', seconds);
    }
    if (minutes < 60) {
      return this.trans.__('%1 min %2 s', minutes, seconds % 60);
    }
    return this.trans.__('%1 h %2 min', Math.floor(minutes / 60), minutes % 60);
  }

  /** "just now", "3 min ago". A moment in the future (the clock stepped back) is "just now". */
  ago(atMs: number, nowMs: number): string {
    const passedMs = nowMs - atMs;
    return passedMs < 1000 ? this.trans.__('just now') : this.trans.__('%1 ago', this.duration(passedMs));
  }

  /** The time of day, with the weekday when it is not within the last 12 hours: "14:03". */
  clock(atMs: number, nowMs: number): string {
    return (Math.abs(nowMs - atMs) < DAY_MS / 2 ? this.timeOfDay : this.timeAndDay).format(atMs);
  }

  /** The exact date and time to the second, for tooltips. */
  moment(atMs: number): string {
    return this.exact.format(atMs);
  }

  private withUnit(unit: Unit, value: number): string {
    const number = this.decimal.format(value);
    switch (unit) {
      case 'MB':
        return this.trans.__('%1 MB', number);
      case 'GB':
        return this.trans.__('%1 GB', number);
      case 'TB':
        return this.trans.__('%1 TB', number);
    }
  }

  private readonly trans: TranslationBundle;
  private readonly decimal: Intl.NumberFormat;
  private readonly percent: Intl.NumberFormat;
  private readonly timeOfDay: Intl.DateTimeFormat;
  private readonly timeAndDay: Intl.DateTimeFormat;
  private readonly exact: Intl.DateTimeFormat;
}

type Unit = 'MB' | 'GB' | 'TB';

function unitOf(bytes: number): Unit {
  // 1023.7 MB would round to 1024 MB, which is called 1 GB.
  const megabytes = Math.round(bytes / STEP ** 2);
  return megabytes < STEP ? 'MB' : Math.round((bytes / STEP ** 3) * 10) / 10 < STEP ? 'GB' : 'TB';
}

function amount(bytes: number, unit: Unit): number {
  switch (unit) {
    case 'MB':
      return Math.round(bytes / STEP ** 2);
    case 'GB':
      return bytes / STEP ** 3;
    case 'TB':
      return bytes / STEP ** 4;
  }
}

/** Lab says `fr_FR` or a pseudo-language; Intl wants `fr-FR` and throws on what is no language tag. */
function supportedLocale(languageCode: string): string {
  try {
    return Intl.getCanonicalLocales(languageCode.replaceAll('_', '-'))[0] ?? 'en';
  } catch {
    // Not a language tag: numbers are then written the English way.
    return 'en';
  }
}

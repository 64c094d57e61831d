import fc from 'fast-check';
import { DEFAULT_SETTINGS, readSettings } from '../src/settings.js';

test('what is missing takes its default', () => {
  expect(readSettings({})).toEqual({ settings: DEFAULT_SETTINGS, thresholdsSwapped: false });
});

test('what is there holds', () => {
  const chosen = {
    warning: 0.5,
    danger: 0.6,
    showMemory: false,
    showCpu: false,
    showGpu: false,
    chartRange: 'day',
    notices: false,
    deathDialog: false,
    markCell: false
  };
  expect(readSettings(chosen)).toEqual({ settings: chosen, thresholdsSwapped: false });
});

test.each<[string, Record<string, unknown>]>([
  ['text for a number', { warning: '0.5' }],
  ['nothing for a number', { danger: null }],
  ['more than the whole', { danger: 1.1 }],
  ['less than nothing', { warning: -0.1 }],
  ['zero', { warning: 0 }],
  ['no number', { warning: NaN }],
  ['endless', { danger: Infinity }],
  ['text for a switch', { deathDialog: 'false' }],
  ['a number for a switch', { markCell: 0 }],
  ['a range that there is not', { chartRange: 'week' }],
  ['an object', { notices: {}, chartRange: [] }]
])('%s takes the default', (_, composite) => {
  expect(readSettings(composite)).toEqual({ settings: DEFAULT_SETTINGS, thresholdsSwapped: false });
});

test.each([
  [0.9, 0.8],
  [0.85, 0.85],
  [0.95, undefined]
])(
  'thresholds %d and %d are the wrong way round: both become standard, and it is said',
  (warning, danger) => {
    expect(readSettings({ warning, danger })).toEqual({
      settings: DEFAULT_SETTINGS,
      thresholdsSwapped: true
    });
  }
);

test('whatever a file says, the settings are usable', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...Object.keys(DEFAULT_SETTINGS)), fc.anything()),
      composite => {
        const { settings } = readSettings(composite);
        expect(settings.warning).toBeGreaterThan(0);
        expect(settings.warning).toBeLessThan(settings.danger);
        expect(settings.danger).toBeLessThanOrEqual(1);
        expect(Object.entries(settings).map(([key, value]) => [key, typeof value])).toEqual(
          Object.entries(DEFAULT_SETTINGS).map(([key, value]) => [key, typeof value])
        );
      }
    )
  );
});

import { nullTranslator } from '@jupyterlab/translation';
import { Quantities } from '@labkeeper/labkit';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { MeterItem } from '../src/meter-item.js';
import { MeterModel } from '../src/model.js';
import { FakeCompanion } from './fake-companion.js';
import { until } from './until.js';

test('a meter that is switched off while the page is open says so, and comes back', async () => {
  const companion = new FakeCompanion();
  const visibility: object = { hidden: false };
  const item = new MeterItem({
    model: new MeterModel(companion),
    visibility: Object.assign(visibility, {
      hidden: false,
      changed: new Signal<never, boolean>({} as never)
    }),
    say: new Quantities(nullTranslator),
    trans: nullTranslator.load('labkeeper'),
    onClick: () => undefined
  });
  Widget.attach(item, document.body);
  const text = (): string => item.node.textContent ?? '';
  await until(() => text().includes('measuring'), 'a meter');
  Object.assign(companion.info ?? {}, { disabled: ['meter'] });
  companion.kernelsChanged.emit([]);
  await until(() => text().includes('switched off'), 'the word');
  expect(item.node.querySelector('button')?.title).toBe(
    'The meter was switched off by the administrator of this server.'
  );
  const saidAtMs = Date.UTC(2026, 10, 27, 12);
  Object.assign(companion.info ?? {}, { policySaidAtMs: saidAtMs });
  companion.kernelsChanged.emit([]);
  const title = (): string => item.node.querySelector('button')?.title ?? '';
  await until(
    () => title().includes(`as of ${new Date(saidAtMs).toLocaleString()}.`),
    'since when it is known'
  );
  Object.assign(companion.info ?? {}, { disabled: [], policySaidAtMs: null });
  companion.kernelsChanged.emit([]);
  await until(() => text().includes('measuring'), 'a meter');
  item.dispose();
});

import { Browser } from './browser.test.data.js';
import { unknownFields } from './unknown-fields.js';

describe('a filter that is not known', () => {
  it('is named, with those that there are', () => {
    expect(unknownFields({ usr: 'alice', user: 'bob' }, ['after'], ['user', 'package'])).toEqual([
      'The address has a filter that is not known here: “usr”. There are user, package.'
    ]);
    expect(unknownFields({ a: '1', b: '2' }, [], [])).toEqual([
      'The address has filters that are not known here: “a”, “b”. This page has none.'
    ]);
  });

  it('is not what mail programs and tickets add to a link', () => {
    expect(unknownFields({ utm_source: 'ticket', utm: 'x', fbclid: '1', after: '' }, ['after'], [])).toEqual(
      []
    );
    for (const query of [null, undefined, 7, 'x', []]) {
      expect(unknownFields(query, [], [])).toEqual([]);
    }
  });

  it('hides nothing in its name, and is not endless', () => {
    const [sentence] = unknownFields({ 'us\u202Eer': '' }, [], []);
    expect(sentence).toContain('“us⟨U+202E⟩er”');
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`${at}`.repeat(60), '']));
    expect(unknownFields(many, [], [])[0]?.length).toBeLessThan(400);
  });

  it.each(['/log', '/looks', '/log/news'])('keeps %s from showing another list', async path => {
    const browser = await Browser.open();
    browser.log.add({ user: 'alice' });
    await browser.visit('/status');
    const answer = await browser.ask(`${path}?usr=bob&newest=-1`);
    expect(answer.statusCode).toBe(400);
    expect(answer.body).toContain('“usr”');
    expect(answer.body).not.toContain('alice');
    expect(browser.log.seen).toEqual([]);
  });

  it('leaves the form as it was typed', async () => {
    const browser = await Browser.open();
    const { body, statusCode } = await browser.visit('/log?user=alice&pakage=numpy');
    expect(statusCode).toBe(400);
    expect(body).toContain('The address has a filter that is not known here: “pakage”.');
    expect(body).toContain('Nothing was looked up.');
    expect(body).toContain('value="alice"');
  });
});

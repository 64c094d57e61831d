// What mallory's pages do, each run in a page of hers. They return what they could read; '' = nothing.

/** A page to be attacked. */
export interface ITarget {
  /** Shows a secret and a form with a token. */
  readonly page: string;
  /** Where that form goes, or another one. */
  readonly act: string;
}

/** Asks with the visitor's cookies, and sends the form with the token that came. Then blind, as far as the browser lets it. */
export async function byFetch({ page, act }: ITarget): Promise<string> {
  const quietly = async (url: string, init: RequestInit): Promise<string> => {
    try {
      return await (await fetch(url, { credentials: 'include', ...init })).text();
    } catch {
      // The browser keeps it from this page.
      return '';
    }
  };
  const text = await quietly(page, {});
  const token = /name="form" value="([^"]+)"/.exec(text)?.[1] ?? 'guess';
  await quietly(act, { method: 'POST', body: new URLSearchParams({ form: token }) });
  await quietly(page, { mode: 'no-cors' });
  await quietly(act, { method: 'POST', mode: 'no-cors', body: new URLSearchParams({ form: token }) });
  return text;
}

/** Frames the page, reads it and sends its form. */
export async function byFrame({ page, act }: ITarget): Promise<string> {
  const frame = document.createElement('iframe');
  const loaded = new Promise(resolve => frame.addEventListener('load', resolve));
  frame.src = page;
  document.body.append(frame);
  await loaded;
  try {
    const text = frame.contentDocument?.body.innerHTML ?? '';
    const form = frame.contentDocument?.querySelector(`form[action="${new URL(act).pathname}"]`);
    if (form instanceof (frame.contentWindow as Window & typeof globalThis).HTMLFormElement) {
      const sent = new Promise(resolve => frame.addEventListener('load', resolve));
      form.submit();
      await sent;
    }
    return text;
  } catch {
    // Another origin.
    return '';
  }
}

/** Opens the page in a window, reads it and sends its form. */
export async function byPopup({ page, act }: ITarget): Promise<string> {
  const popup = window.open(page, 'popup');
  for (let tries = 0; tries < 30; tries += 1) {
    await new Promise(resolve => setTimeout(resolve, 100));
    try {
      const form = popup?.document.forms[0];
      if (form?.action === act) {
        const text = popup?.document.body.innerHTML ?? '';
        form.submit();
        await new Promise(resolve => setTimeout(resolve, 500));
        return text;
      }
    } catch {
      // Another origin; perhaps not for long.
    }
  }
  return '';
}

/** Sends a form that takes the browser along, with fields of mallory's own making. */
export function byForm({ act, fields }: { act: string; fields: Record<string, string> }): void {
  const form = document.createElement('form');
  form.method = 'post';
  form.action = act;
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input');
    input.name = name;
    input.value = value;
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

/** Becomes the worker of the whole host. @returns whether it did. */
export async function byWorker(): Promise<boolean> {
  const registration = await navigator.serviceWorker.register('/user/mallory/worker.js', { scope: '/' });
  await navigator.serviceWorker.ready;
  return registration.scope === `${location.origin}/`;
}

/** Has everything loaded that a page can load from elsewhere without asking. */
export async function byElements({ page }: ITarget): Promise<void> {
  for (const name of ['img', 'script', 'iframe', 'embed'] as const) {
    const element = document.createElement(name);
    const done = new Promise(resolve => {
      element.addEventListener('load', resolve);
      element.addEventListener('error', resolve);
      setTimeout(resolve, 1000);
    });
    element.src = page;
    document.body.append(element);
    await done;
  }
}

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { childrenOf, commandLine } from './server.mts';

export interface IHub {
  readonly url: string;
  readonly password: string;
  readonly state: string;
  stop(): Promise<void>;
}

/** Starts the demo hub with a state of its own and waits until it has said where it is. */
export async function startHub(options: {
  readonly port: number;
  readonly args?: readonly string[];
  readonly environment?: Record<string, string>;
}): Promise<IHub> {
  const state = mkdtempSync(join(tmpdir(), 'labkeeper-hub-'));
  const password = 'benchmarks-only';
  const hub = spawn(
    '.venv/bin/python',
    ['-m', 'dev.start', '--port', String(options.port), '--state', state, ...(options.args ?? [])],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, LABKEEPER_TEST: '1', LABKEEPER_PASSWORD: password, ...options.environment }
    }
  );
  const url = await new Promise<string>((resolve, reject) => {
    let text = '';
    hub.stdout.on('data', data => {
      text += String(data);
      const match = /Labkeeper is at\s+(\S+)/.exec(text);
      if (match?.[1]) resolve(match[1]);
    });
    hub.on('exit', code => reject(new Error(`the hub ended with ${code}: ${text}`)));
  });
  return {
    url,
    password,
    state,
    stop: async () => {
      const ended = new Promise(resolve => hub.once('exit', resolve));
      hub.kill('SIGTERM');
      await ended;
      rmSync(state, { recursive: true, force: true });
    }
  };
}

/** Logs in and waits until Lab is there. */
export async function logIn(page: Page, hub: IHub, user = 'researcher'): Promise<void> {
  await page.goto(`${hub.url}/hub/login`);
  await page.getByLabel('Username').fill(user);
  await page.getByLabel('Password').fill(hub.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`**/user/${user}/lab**`, { timeout: 120_000 });
  await page.locator('#jp-main-statusbar').waitFor({ timeout: 60_000 });
}

/** A token of the logged-in user for her own server. @throws when the hub gives none. */
export async function ownToken(page: Page, hub: Pick<IHub, 'url'>, user = 'researcher'): Promise<string> {
  await page.goto(`${hub.url}/hub/token`);
  // The hub's own pages take it from here; the cookie of this name may also be an older one of another path.
  return page.evaluate(async user => {
    const { jhdata } = window as unknown as { jhdata: { xsrf_token: string } };
    const answer = await fetch(`/hub/api/users/${user}/tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-XSRFToken': jhdata.xsrf_token },
      body: '{}'
    });
    if (!answer.ok) throw new Error(`the hub gives no token: ${answer.status} ${await answer.text()}`);
    const { token }: { token: string } = await answer.json();
    return token;
  }, user);
}

/** The processes behind the only server of a hub. @throws when one of them does not run. */
export function processesOf(hub: IHub): {
  readonly proxy: number;
  readonly server: number;
  readonly companion: number;
} {
  const pidIn = (file: string) => Number(readFileSync(join(hub.state, file), 'utf8'));
  const childWith = (parent: number, text: string) => {
    const found = childrenOf(parent).find(child => commandLine(child).includes(text));
    if (found === undefined) throw new Error(`process ${parent} has no child with "${text}"`);
    return found;
  };
  const server = childWith(pidIn('hub.pid'), 'jupyterhub-singleuser');
  return { proxy: pidIn('proxy.pid'), server, companion: childWith(server, 'companion.mjs') };
}

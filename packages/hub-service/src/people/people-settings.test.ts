import { PeopleSettingsError, readPeopleSettings } from './people-settings.js';

const read = (variables: Record<string, string>) =>
  readPeopleSettings({
    JUPYTERHUB_SERVICE_NAME: 'labkeeper',
    LABKEEPER_PAGES_URL: 'https://labkeeper.example.org/',
    ...variables
  });

describe('what the pages are told by the environment', () => {
  it('there are none without an address of their own', () => {
    expect(
      readPeopleSettings({ JUPYTERHUB_HOST: 'https://hub.example.org', LABKEEPER_PAGES_URL: ' ' })
    ).toBeNull();
  });

  it('the hub for browsers is named, or comes from its host and base', () => {
    expect(read({ LABKEEPER_HUB_PUBLIC_URL: 'https://hub.example.org/jupyter' })?.hubUrl).toBe(
      'https://hub.example.org/jupyter/hub/'
    );
    expect(read({ LABKEEPER_HUB_PUBLIC_URL: 'https://hub.example.org/jupyter/hub/' })?.hubUrl).toBe(
      'https://hub.example.org/jupyter/hub/'
    );
    expect(
      read({ JUPYTERHUB_HOST: 'https://hub.example.org', JUPYTERHUB_BASE_URL: '/jupyter/' })?.hubUrl
    ).toBe('https://hub.example.org/jupyter/hub/');
    expect(read({ JUPYTERHUB_PUBLIC_HUB_URL: 'https://hub.example.org/hub/' })?.hubUrl).toBe(
      'https://hub.example.org/hub/'
    );
  });

  it('client, redirect and host as they are registered', () => {
    expect(read({ JUPYTERHUB_HOST: 'https://hub.example.org' })).toEqual({
      hub: 'hub',
      serviceName: 'labkeeper',
      origin: 'https://labkeeper.example.org',
      host: 'labkeeper.example.org',
      secure: true,
      clientId: 'service-labkeeper',
      redirectUri: 'https://labkeeper.example.org/oauth_callback',
      hubUrl: 'https://hub.example.org/hub/'
    });
  });

  it.each([
    ['no hub', {}, /LABKEEPER_HUB_PUBLIC_URL is not set/],
    ['no address', { LABKEEPER_PAGES_URL: 'labkeeper' }, /should be an address/],
    ['another scheme', { LABKEEPER_PAGES_URL: 'ftp://labkeeper.example.org' }, /should be an address/],
    ['a path', { LABKEEPER_PAGES_URL: 'https://labkeeper.example.org/log' }, /without a path/],
    ['the hub’s own host', { JUPYTERHUB_HOST: 'https://labkeeper.example.org:8443' }, /the hub's own host/]
  ])('refuses %s in a sentence', (_what, variables, sentence) => {
    expect(() => read(variables)).toThrow(PeopleSettingsError);
    expect(() => read(variables)).toThrow(sentence);
  });
});

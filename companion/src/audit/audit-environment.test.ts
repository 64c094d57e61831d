import { readAuditEnvironment } from './audit-environment.js';

const HUB = {
  LABKEEPER_SERVICE_URL: 'https://hub.example.org/services/labkeeper',
  JUPYTERHUB_API_TOKEN: 'secret'
};

describe('readAuditEnvironment', () => {
  it('records nothing where nobody would read it', () => {
    expect(readAuditEnvironment({ JUPYTERHUB_API_TOKEN: 'secret', LABKEEPER_AUDIT: '0' })).toBeNull();
    expect(readAuditEnvironment({ LABKEEPER_SERVICE_URL: ' ' })).toBeNull();
  });

  it('finds the service and where packages lie', () => {
    const sites = {
      ...{
        prefix: '/opt/conda',
        python: '3.11',
        folders: ['/opt/conda/lib/python3.11/site-packages', 'relative', 3]
      },
      ...{
        userFolder: '/home/ada/.local/lib/python3.11/site-packages',
        kernelFolders: ['/usr/share/jupyter/kernels']
      }
    };
    const found = readAuditEnvironment({ ...HUB, LABKEEPER_SITES: JSON.stringify(sites) });
    expect(found?.serviceUrl?.href).toBe('https://hub.example.org/services/labkeeper/');
    expect(found).toMatchObject({
      token: 'secret',
      warnings: [],
      sites: { ...sites, folders: ['/opt/conda/lib/python3.11/site-packages'] }
    });
  });

  it('knows whose server it is by what the hub says', () => {
    expect(readAuditEnvironment({ ...HUB, JUPYTERHUB_USER: ' ada ' })?.user).toBe('ada');
    expect(readAuditEnvironment({ ...HUB, JUPYTERHUB_USER: '' })?.user).toBeNull();
  });

  it('knows the image by what the spawner says', () => {
    const image = (more: Record<string, string>): string | null | undefined =>
      readAuditEnvironment({ ...HUB, ...more })?.image;
    expect(image({})).toBeNull();
    expect(image({ JUPYTER_IMAGE: 'a', JUPYTER_IMAGE_SPEC: 'a:1' })).toBe('a:1');
    expect(image({ JUPYTER_IMAGE: 'a', LABKEEPER_IMAGE: ' mine ' })).toBe('mine');
    expect(image({ JUPYTER_IMAGE: 'a'.repeat(513) })).toBeNull();
  });

  it('knows its hub where the hub says so', () => {
    const hub = (id: string) => readAuditEnvironment({ ...HUB, LABKEEPER_HUB_ID: id });
    expect(readAuditEnvironment(HUB)?.hub).toBeNull();
    expect(hub(' course-b ')?.hub).toBe('course-b');
    const wrong = hub('a/b?c');
    expect(wrong?.hub).toBeNull();
    expect(wrong?.warnings).toEqual([
      "LABKEEPER_HUB_ID is no name of a hub, so the service's first hub is meant."
    ]);
  });

  it('keeps records here where it is asked for, or where nobody can be sent anything', () => {
    expect(readAuditEnvironment({ LABKEEPER_AUDIT: '1' })).toMatchObject({ serviceUrl: null, warnings: [] });
    const { warnings, serviceUrl } = readAuditEnvironment({ ...HUB, JUPYTERHUB_API_TOKEN: '' }) ?? {};
    expect(serviceUrl).toBeNull();
    expect(warnings).toEqual([
      'There is no JUPYTERHUB_API_TOKEN, so records are kept here and not sent to the hub.'
    ]);
  });

  it.each(['ftp://hub/', 'hub.example.org', 'javascript:alert(1)', '//'])(
    'does not send a token to %s',
    address => {
      const found = readAuditEnvironment({ ...HUB, LABKEEPER_SERVICE_URL: address });
      expect(found?.serviceUrl).toBeNull();
      expect(found?.warnings).toHaveLength(1);
      expect(String(found?.warnings)).not.toContain('secret');
    }
  );

  it.each(['{"prefix":', '[]', '7', 'null', '{"prefix":{},"folders":"x"}'])(
    'goes on where the folders are %s',
    text => {
      expect(readAuditEnvironment({ ...HUB, LABKEEPER_SITES: text })?.sites).toEqual({
        ...{ prefix: null, python: null, folders: [], userFolder: null, kernelFolders: [] }
      });
    }
  );
});

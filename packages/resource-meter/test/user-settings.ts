import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ISettingRegistry, SettingRegistry } from '@jupyterlab/settingregistry';
import { DataConnector } from '@jupyterlab/statedb';

const SCHEMA: ISettingRegistry.ISchema = JSON.parse(
  readFileSync(join(__dirname, '../settings/resource-meter.json'), 'utf8')
);

/** JupyterLab's own registry, whose server answers with what the user chose once `answer` is called. */
export class UserSettings extends DataConnector<ISettingRegistry.IPlugin, string> {
  constructor(private readonly chosen: object) {
    super();
    this.registry = new SettingRegistry({ connector: this });
  }

  readonly registry: ISettingRegistry;

  answer(): void {
    this.release();
  }

  override async fetch(id: string): Promise<ISettingRegistry.IPlugin> {
    await this.released;
    const raw = JSON.stringify(this.chosen);
    return { id, raw, schema: SCHEMA, version: '0', data: { composite: {}, user: {} } };
  }

  private release: () => void = () => undefined;
  private readonly released = new Promise<void>(resolve => {
    this.release = resolve;
  });
}

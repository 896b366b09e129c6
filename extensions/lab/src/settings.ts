import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { PartialJSONObject, PartialJSONValue } from '@lumino/coreutils';

import type { WorkbenchModel } from './model';

/** What a person set, as the extension uses it. */
export class Settings {
  constructor(
    id: string,
    private readonly model: WorkbenchModel,
    trans: TranslationBundle,
    registry: ISettingRegistry | null
  ) {
    registry?.transform(id, { fetch: plugin => ({ ...plugin, schema: translated(plugin.schema, trans) }) });
    void registry?.load(id).then(settings => {
      settings.changed.connect(this.apply, this);
      this.apply(settings);
    });
  }

  /** Name of a new notebook. */
  stem = 'workbench';

  private apply(settings: ISettingRegistry.ISettings): void {
    const { run, notebookName, dataFolder, showFindings } = settings.composite as Record<string, PartialJSONValue>;
    this.model.runs = run as boolean;
    this.model.dataFolder = dataFolder as string;
    this.model.showsFindings = showFindings as boolean;
    this.stem = notebookName as string;
    this.model.refreshed();
  }
}

/** The titles and descriptions of the settings in the person's language; the server translates only JupyterLab's own. */
function translated<T extends PartialJSONObject>(schema: T, trans: TranslationBundle): T {
  const entries = Object.entries(schema).map(([key, value]) => {
    if (typeof value === 'string') {
      return [key, key === 'title' || key === 'description' ? trans.__(value) : value];
    }
    return [key, isObject(value) && !key.startsWith('jupyter.lab') ? translated(value, trans) : value];
  });
  return Object.fromEntries(entries) as T;
}

function isObject(value: unknown): value is PartialJSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

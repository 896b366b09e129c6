import type { JupyterFrontEnd } from '@jupyterlab/application';
import { PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { Contents } from '@jupyterlab/services';

/**
 * Make a notebook with a name and open it.
 *
 * It is not left "Untitled", because saving such a one asks for a name.
 */
export async function newNotebook(app: JupyterFrontEnd, folder: string, stem: string): Promise<NotebookPanel> {
  const manager = app.serviceManager;
  await manager.kernelspecs.ready;
  const kernel = manager.kernelspecs.specs?.default ?? 'python3';
  const display = manager.kernelspecs.specs?.kernelspecs[kernel]?.display_name ?? kernel;
  const path = PathExt.join(folder, await freeName(manager.contents, folder, stem));
  const metadata = { kernelspec: { name: kernel, display_name: display, language: 'python' } };
  const content = { cells: [], metadata, nbformat: 4, nbformat_minor: 5 };
  await manager.contents.save(path, { type: 'notebook', format: 'json', content });
  const panel = await app.commands.execute('docmanager:open', { path, factory: 'Notebook', kernel: { name: kernel } });
  await (panel as NotebookPanel).context.ready;
  return panel as NotebookPanel;
}

async function freeName(contents: Contents.IManager, folder: string, stem: string): Promise<string> {
  const listing = await contents.get(folder, { content: true });
  const taken = new Set((listing.content as Contents.IModel[]).map(file => file.name));
  let name = `${stem}.ipynb`;
  for (let number = 2; taken.has(name); number++) {
    name = `${stem}-${number}.ipynb`;
  }
  return name;
}

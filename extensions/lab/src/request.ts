import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import { VERSION } from './version';

/** An answer that says why not. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** The Python class of the error; none where no Workbench answered. */
    readonly kind = '',
    /** What is wrong with single values, by their names. */
    readonly fields: Record<string, string> = {}
  ) {
    super(message);
  }
}

interface IAnswer<T> {
  data?: T;
  message?: string;
  kind?: string;
  fields?: Record<string, string>;
}

/** Ask the server extension; the answer is the `data` of its JSON. */
export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, 'workbench', path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  const body = (await response.json().catch(() => ({}))) as IAnswer<T>;
  if (!response.ok) {
    throw new Refusal(response.status, body.message || response.statusText, body.kind, body.fields);
  }
  return body.data as T;
}

export function post<T>(path: string, body: object): Promise<T> {
  return request<T>(path, { method: 'POST', body: JSON.stringify(body) });
}

/** Make sure that the server has our extension, in the panel's version. */
export async function checkServer(trans: TranslationBundle): Promise<void> {
  const { version } = await request<{ version: string }>('version');
  const order = version.localeCompare(VERSION, 'en', { numeric: true });
  if (order < 0) {
    throw new Error(
      trans.__(
        'The server part of Workbench is version %1, the panel %2. Run "pip install --upgrade ml-workbench" where JupyterLab runs, and start JupyterLab again.',
        version,
        VERSION
      )
    );
  }
  if (order > 0) {
    throw new Error(trans.__('Workbench was upgraded to version %1. Reload the page to get its panel.', version));
  }
}

/** What a person is told of an error. */
export function inWords(error: unknown, trans: TranslationBundle): string {
  if (error instanceof Refusal && error.status === 404 && !error.kind) {
    return trans.__(
      'The server part of Workbench is not running. Enable it with "jupyter server extension enable workbench.server" and start JupyterLab again.'
    );
  }
  if (error instanceof ServerConnection.NetworkError) {
    return trans.__('The Jupyter server does not answer. Look whether it still runs.');
  }
  return error instanceof Error ? error.message : String(error);
}

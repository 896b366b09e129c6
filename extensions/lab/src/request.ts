import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';

/** An answer that says why not. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: Record<string, string> = {}
  ) {
    super(message);
  }
}

/** Ask the server extension; the answer is the `data` of its JSON. */
export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  const settings = ServerConnection.makeSettings();
  const url = URLExt.join(settings.baseUrl, 'workbench', path);
  const response = await ServerConnection.makeRequest(url, init, settings);
  const body = (await response.json().catch(() => ({}))) as { data?: T; message?: string; fields?: Record<string, string> };
  if (!response.ok) {
    throw new Refusal(response.status, body.message || response.statusText, body.fields);
  }
  return body.data as T;
}

export function post<T>(path: string, body: object): Promise<T> {
  return request<T>(path, { method: 'POST', body: JSON.stringify(body) });
}

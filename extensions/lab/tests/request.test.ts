import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';

import { checkServer, inWords, post, Refusal, request } from '../src/request';
import { VERSION } from '../src/version';
import { serve, trans } from './support';

describe('asking the server', () => {
  it('gives the data of its answer and sends what it is given', async () => {
    const asked = serve({ cell: { source: 'x' } });

    expect(await post('cell', { step: 'train' })).toEqual({ source: 'x' });
    expect(asked).toEqual([{ path: 'cell', body: { step: 'train' } }]);
  });

  it('refuses with status, kind and fields', async () => {
    const body = JSON.stringify({ message: 'No such column', kind: 'ColumnNotFound', fields: { target: 'unknown' } });
    serve({ cell: new Response(body, { status: 422 }) });

    const refusal = await request('cell').catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(Refusal);
    expect(refusal).toMatchObject({
      status: 422,
      message: 'No such column',
      kind: 'ColumnNotFound',
      fields: { target: 'unknown' }
    });
  });

  it('refuses with the status where the answer is no JSON', async () => {
    serve({});

    await expect(request('nowhere')).rejects.toMatchObject({ status: 404, message: 'Not Found', kind: '' });
  });
});

describe('the versions of panel and server', () => {
  it('may be the same', async () => {
    serve({ version: { version: VERSION } });

    await expect(checkServer(trans)).resolves.toBeUndefined();
  });

  it.each([
    ['0.0.9', 'pip install --upgrade'],
    ['0.10.0', 'Reload the page'],
    ['99.0', 'Reload the page']
  ])('%s of the server says what to do', async (version, advice) => {
    serve({ version: { version } });

    await expect(checkServer(trans)).rejects.toThrow(advice);
  });
});

describe('an error in words', () => {
  it.each([
    [new Refusal(404, 'Not Found'), 'is not running'],
    [new Refusal(404, 'There is no job x.', 'JobNotFound'), 'There is no job x.'],
    [new (ServerConnection.NetworkError as unknown as new () => Error)(), 'does not answer'],
    [new Error('It broke.'), 'It broke.'],
    ['odd', 'odd']
  ])('%s', (error, words) => {
    expect(inWords(error, trans)).toContain(words);
  });
});

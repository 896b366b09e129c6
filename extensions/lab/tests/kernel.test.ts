import type { Kernel } from '@jupyterlab/services';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { columnsOf, held } from '../src/kernel';
import { kernelOf } from './support';

type Connection = Kernel.IKernelConnection;
const as = (kernel: object): Connection => kernel as Connection;

afterEach(() => vi.useRealTimers());

describe('what a kernel holds', () => {
  it('is its names and those of them that are tables', async () => {
    const kernel = kernelOf(() => [['data', 'n'], ['data']]);

    expect(await held(as(kernel))).toEqual({ names: ['data', 'n'], frames: ['data'] });
    expect(kernel.requestExecute.mock.calls[0][0]).toMatchObject({ silent: true, store_history: false });
  });

  it('is unknown of another language and of one that fails', async () => {
    const other = { ...kernelOf(() => 1), info: Promise.resolve({ language_info: { name: 'R' } }) };

    expect(await held(as(other))).toBeNull();
    expect(await held(as(kernelOf(() => undefined)))).toBeNull();
  });

  it('is asked for again where an idle kernel owes the answer, and not where it is busy', async () => {
    vi.useFakeTimers();
    const kernel = kernelOf(() => [['late'], []]);
    const answer = kernel.requestExecute.getMockImplementation();
    const silent = { done: new Promise<never>(() => undefined) };
    kernel.requestExecute.mockReturnValueOnce(silent as never);
    kernel.status = 'busy';
    const asked = held(as(kernel));

    await vi.advanceTimersByTimeAsync(20_000);
    expect(kernel.requestExecute).toHaveBeenCalledTimes(1);
    kernel.status = 'idle';
    await vi.advanceTimersByTimeAsync(5_000);

    expect(answer).toBeDefined();
    expect(await asked).toEqual({ names: ['late'], frames: [] });
  });
});

describe('the columns of a table in a kernel', () => {
  it('are asked for by its variable, in any script', async () => {
    const kernel = kernelOf(() => ['größe', 'b']);

    expect(await columnsOf(as(kernel), 'täbelle_1')).toEqual(['größe', 'b']);
    expect(kernel.requestExecute.mock.calls[0][0].user_expressions.told).toContain('täbelle_1.columns');
  });

  it.each(['', 'a b', 'a.b', '__import__("os")', 'x; y', '1x'])('are not asked for by code: %s', async code => {
    const kernel = kernelOf(() => ['a']);

    expect(await columnsOf(as(kernel), code)).toEqual([]);
    expect(kernel.requestExecute).not.toHaveBeenCalled();
  });
});

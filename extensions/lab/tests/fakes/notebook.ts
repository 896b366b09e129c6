import { Signal } from '@lumino/signaling';
import { vi } from 'vitest';

const sender = {};

export const NotebookActions = {
  executionScheduled: new Signal<object, unknown>(sender),
  executed: new Signal<object, unknown>(sender),
  runCells: vi.fn(async () => true)
};

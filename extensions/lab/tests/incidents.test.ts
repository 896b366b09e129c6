import { Notification } from '@jupyterlab/apputils';
import type { Event } from '@jupyterlab/services';
import { Signal } from '@lumino/signaling';
import { expect, it, type Mock } from 'vitest';

import { INCIDENT, tellIncidents } from '../src/incidents';
import { trans } from './support';

it('tells of an incident that begins with its cause, until it is read', () => {
  const stream = new Signal<object, Event.Emission>({});
  const emit = Notification.emit as unknown as Mock;
  emit.mockReset();
  tellIncidents({ stream } as unknown as Event.IManager, trans);
  const one = { name: 'shop', id: '1a', since: 'w1', cause: 'ROC AUC fell.' };

  for (const [severity, schema_id] of [
    ['alarm', INCIDENT],
    ['warning', INCIDENT],
    ['alarm', 'another']
  ]) {
    stream.emit({ ...one, severity, schema_id } as unknown as Event.Emission);
  }

  expect(emit.mock.calls).toEqual([
    ['shop since w1: ROC AUC fell.', 'error', { autoClose: false }],
    ['shop since w1: ROC AUC fell.', 'warning', { autoClose: false }]
  ]);
});

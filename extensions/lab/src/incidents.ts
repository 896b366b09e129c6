import { Notification } from '@jupyterlab/apputils';
import type { Event } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

export const INCIDENT = 'https://ml-workbench/events/incident';

/** An incident of a model, as the server's event has it. */
export interface IIncident {
  name: string;
  id: string;
  severity: string;
  since: string;
  cause: string;
}

/** Tells of incidents that begin while the page is open; who was not there reads it later. */
export function tellIncidents(events: Event.IManager, trans: TranslationBundle): void {
  events.stream.connect((_, event) => {
    if (event.schema_id === INCIDENT) {
      const one = event as unknown as IIncident;
      const text = trans.__('%1 since %2: %3', one.name, one.since, one.cause);
      Notification.emit(text, one.severity === 'alarm' ? 'error' : 'warning', { autoClose: false });
    }
  });
}

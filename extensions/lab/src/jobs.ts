import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';

import { post, request } from './request';
import type { IComparison, IJob, IJobForm, Values } from './types';

export const SCHEMA = 'https://ml-workbench/events/job';
export const FINAL = ['COMPLETED', 'FAILED', 'STOPPED', 'DAMAGED'];
/** What is still to end by itself. */
export const PENDING = ['CREATED', 'QUEUED', 'IN_PROGRESS', 'STOPPING'];
/** What an event says of a job whose record is gone. */
export const DELETED = 'DELETED';

/** What a person asks for: values that differ from the notebook's own, and how it is to run. */
export interface IAsked {
  readonly parameters: Values;
  readonly options: Values;
}

/** A job that was started from this page, as it was then. */
export const started = new Signal<object, IJob>({});

/** A schedule was made from this page. */
export const scheduled = new Signal<object, void>({});

/** Start a notebook as a job. */
export async function runJob(path: string, asked: IAsked): Promise<IJob> {
  return told(await post<IJob>('jobs', { notebook: path, ...asked }));
}

/** Run the notebook of a job once more. */
export async function runAgain(id: string, asked: IAsked): Promise<IJob> {
  return told(await post<IJob>(`jobs/${id}/again`, asked));
}

/** Go on at the cell that failed. */
export async function resumeJob(id: string): Promise<IJob> {
  return told(await post<IJob>(`jobs/${id}/resume`, {}));
}

function told(job: IJob): IJob {
  started.emit(job);
  return job;
}

/** Run a job once more as it was, to see whether the same comes out. */
export async function reproduceJob(id: string): Promise<IJob> {
  return told(await post<IJob>(`jobs/${id}/reproduce`, {}));
}

/** Two jobs side by side. */
export function comparison(before: string, after: string): Promise<IComparison> {
  return request<IComparison>(`jobs/compare?a=${encodeURIComponent(before)}&b=${encodeURIComponent(after)}`);
}

export function stopJob(id: string): Promise<IJob> {
  return request<IJob>(`jobs/${id}`, { method: 'DELETE' });
}

/** What a form for a job of a notebook needs. */
export function formOf(path: string): Promise<IJobForm> {
  return request<IJobForm>(`jobs/form?notebook=${encodeURIComponent(path)}`);
}

/** The same for one that runs a job again, with what it ran with. */
export function formAgain(id: string): Promise<IJobForm> {
  return request<IJobForm>(`jobs/${id}/form`);
}

export function nameOf(job: Pick<IJob, 'notebook'>): string {
  return PathExt.basename(job.notebook);
}

/** Which cell failed, by its number and its text, and how. */
export function failure(job: IJob, trans: TranslationBundle): string {
  const error = job.error ?? '';
  if (typeof job.failed_cell !== 'number') {
    return error;
  }
  const cell = String(job.failed_cell + 1);
  return job.line ? trans.__('Cell %1 (%2): %3', cell, job.line, error) : trans.__('Cell %1: %2', cell, error);
}

/** The same, and until when its kernel is kept. */
export function failureAndCure(job: IJob, trans: TranslationBundle): string {
  const [told, until] = [failure(job, trans), job.state === 'PARKED' ? moment(job.due) : ''];
  return until ? `${told.replace(/[.!?]?$/, '.')} ${trans.__('Its kernel is kept until %1.', until)}` : told;
}

/** Parameters in one line. */
export function inLine(parameters: JSONObject | undefined): string {
  return Object.entries(parameters ?? {})
    .map(([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

/** How long a job ran, or runs by now; empty where it did not start. */
export function duration(job: IJob, now = Date.now()): string {
  const runs = ['IN_PROGRESS', 'STOPPING'].includes(job.state);
  const [start, end] = [Date.parse(job.started ?? ''), job.ended ? Date.parse(job.ended) : runs ? now : NaN];
  if (Number.isNaN(start) || Number.isNaN(end)) {
    return '';
  }
  const seconds = Math.max(0, Math.round((end - start) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const parts = hours ? [`${hours} h`, `${minutes} min`] : minutes ? [`${minutes} min`, `${seconds % 60} s`] : [];
  return parts.join(' ') || `${seconds} s`;
}

/** A moment in the person's zone: today its time alone. */
export function moment(iso: string | null | undefined): string {
  const date = new Date(iso ?? '');
  if (Number.isNaN(Number(date))) {
    return '';
  }
  const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
  const isToday = date.toDateString() === new Date().toDateString();
  return isToday ? time : `${date.toLocaleDateString([], { day: 'numeric', month: 'short' })} ${time}`;
}

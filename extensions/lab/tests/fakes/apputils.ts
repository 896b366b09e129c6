import { vi } from 'vitest';

export const Notification = { emit: vi.fn(() => 'notice'), update: vi.fn(), error: vi.fn() };
export const Dialog = { cancelButton: vi.fn(() => 'cancel'), okButton: vi.fn(() => 'ok') };
export const showDialog = vi.fn();
export const showErrorMessage = vi.fn();

import { vi } from 'vitest';

class NetworkError extends TypeError {}

export const ServerConnection = {
  NetworkError,
  makeSettings: () => ({ baseUrl: 'http://lab/' }),
  makeRequest: vi.fn()
};

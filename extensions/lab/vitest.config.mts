import { defineConfig } from 'vitest/config';

const fake = (name: string): string => new URL(`./tests/fakes/${name}.ts`, import.meta.url).pathname;

// JupyterLab's widgets need a browser's layout: the journeys drive them. Here stand only what the panel asks of them.
export default defineConfig({
  test: {
    environment: 'happy-dom',
    include: ['tests/**/*.test.ts'],
    // The shared document reads its cells before they belong to it, and Yjs says so each time.
    onConsoleLog: log => !log.includes('Add Yjs type to a document before reading data')
  },
  resolve: {
    alias: {
      '@jupyterlab/apputils': fake('apputils'),
      '@jupyterlab/notebook': fake('notebook'),
      '@jupyterlab/services': fake('services'),
      '@jupyterlab/ui-components': fake('ui-components')
    }
  }
});

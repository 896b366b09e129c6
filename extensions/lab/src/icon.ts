import { LabIcon } from '@jupyterlab/ui-components';

/** A rail of three steps. */
export const workbenchIcon = new LabIcon({
  name: 'ml-workbench:icon',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">
  <g class="jp-icon3" fill="#616161">
    <path d="M6 7.5h2v9H6z"/>
    <circle cx="7" cy="5" r="3"/><circle cx="7" cy="12" r="3"/><circle cx="7" cy="19" r="3"/>
    <rect x="12.5" y="4" width="9" height="2" rx="1"/><rect x="12.5" y="11" width="7" height="2" rx="1"/>
    <rect x="12.5" y="18" width="9" height="2" rx="1"/>
  </g></svg>`
});

/** The same as a picture, because tiles among the notebooks take an address; its blue reads on light and dark. */
export const tileIconUrl = `data:image/svg+xml,${encodeURIComponent(
  workbenchIcon.svgstr.replace('#616161', '#1976d2')
)}`;

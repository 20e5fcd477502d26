import { ipcRenderer } from 'electron';
import { PORT_CHANNEL, PORT_OFFER, PORT_REQUEST } from '#contract/page-port.ts';

// The whole bridge: one port, on request, once for each document. contextBridge cannot carry a MessagePort and nothing
// else is to reach the page, so the port crosses from this isolated world with window.postMessage, to our origin only.
const { origin } = window.location;
let isAsked = false;

window.addEventListener('message', (event) => {
  if (event.source !== window || event.origin !== origin || event.data !== PORT_REQUEST || isAsked) return;
  isAsked = true;
  ipcRenderer.send(PORT_CHANNEL);
});

ipcRenderer.on(PORT_CHANNEL, (event) => {
  window.postMessage(PORT_OFFER, origin, [...event.ports]);
});

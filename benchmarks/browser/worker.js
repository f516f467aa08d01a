// Answers a batch of texts off the page's thread, by the engine that its address names.

/* global Engine */

importScripts(...new URL(location).searchParams.getAll("script"));
const opened = Engine.open();

self.onmessage = async ({ data }) => {
  const { batch } = await opened;
  self.postMessage(batch(data));
};

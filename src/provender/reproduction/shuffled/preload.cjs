// Lists every folder in a random order; Node runs this at its start if NODE_OPTIONS names it.
"use strict";

const fs = require("fs");

function shuffle(entries) {
  for (let i = entries.length - 1; i > 0; i -= 1) {
    const j = Math.floor(Math.random() * (i + 1));
    [entries[i], entries[j]] = [entries[j], entries[i]];
  }
  return entries;
}

const { readdir, readdirSync } = fs;
const listLater = fs.promises.readdir;

fs.readdirSync = (...given) => shuffle(readdirSync(...given));
fs.promises.readdir = async (...given) => shuffle(await listLater(...given));
fs.readdir = (...given) => {
  const done = given.pop();
  readdir(...given, (error, entries) => done(error, entries && shuffle(entries)));
};

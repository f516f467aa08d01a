#!/usr/bin/env node
// The trainer's command. Where Node is too old for the trainer, it says so.

const OLDEST = 24;

const { node } = process.versions;
if (Number(node.split(".")[0]) < OLDEST) {
  console.error(`error: the trainer needs Node.js ${OLDEST} or later, and this is ${node}`);
  process.exit(1);
}
await import("./train.js");

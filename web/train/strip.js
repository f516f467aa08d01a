// What is removed of a newsgroup post: parts that tell its topic and that no user would type.

import { strip } from "./python.js";

const QUOTED_LINE = /^[|>]|^In article|^Quoted from|writes in|(?:writes|wrote|says|said):/;
const SUBJECT_LINE = /^(?:Subject|Keywords|Summary):/;
const REPLY = /(?<![\p{L}\p{N}_])re:/giu;

/**
 * Removes parts of a newsgroup post: headers, or headers_but_subject, footers, quotes.
 *
 * @param {string} post
 * @param {string[]} parts
 */
export function stripPost(post, parts) {
  let about = "";
  let text = post;
  if (parts.includes("headers") || parts.includes("headers_but_subject")) {
    const end = text.indexOf("\n\n");
    const headers = end < 0 ? text : text.slice(0, end);
    text = end < 0 ? "" : text.slice(end + 2);
    if (!parts.includes("headers")) {
      const said = headers
        .split("\n")
        .filter((line) => SUBJECT_LINE.test(line))
        .map((line) => line.replace(SUBJECT_LINE, ""));
      about = `${said.join("\n").replace(REPLY, " ")}\n\n`;
    }
  }
  if (parts.includes("footers")) {
    const lines = strip(text).split("\n");
    const last = lines.findLastIndex((line) => /^-*$/.test(strip(line)));
    if (last > 0) text = lines.slice(0, last).join("\n");
  }
  if (parts.includes("quotes")) {
    text = text
      .split("\n")
      .filter((line) => !QUOTED_LINE.test(line))
      .join("\n");
  }
  return about + text;
}

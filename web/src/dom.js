// Elements of the page, and new ones.

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * Listens to an element that the page as one file may not have.
 *
 * @param {string} id
 * @param {string} type
 * @param {(event: Event) => void} listener
 */
export function on(id, type, listener) {
  const element = byId(id);
  if (element) element.addEventListener(type, listener);
}

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {string} [className]
 * @param {(Node | string)[]} [children]
 */
export function create(tag, className = "", children = []) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const child of children) {
    element.appendChild(typeof child === "string" ? document.createTextNode(child) : child);
  }
  return element;
}

/**
 * Sets a text that may break before each dot and the like, as long labels must on a phone.
 *
 * @param {HTMLElement} element
 * @param {string} text
 */
export function setBreakable(element, text) {
  element.textContent = "";
  text.split(/(?=[._/-])/).forEach((part) => {
    element.appendChild(create("wbr"));
    element.appendChild(document.createTextNode(part));
  });
}

/**
 * Fills a part of a table with rows of texts; the first of each row heads the row. A second line of
 * a text is set small.
 *
 * @param {string} id
 * @param {"td" | "th"} tag
 * @param {string[][]} rows
 */
export function fillTable(id, tag, rows) {
  const part = byId(id);
  part.textContent = "";
  for (const texts of rows) {
    const cells = texts.map((text, column) => {
      // A header of nothing is none.
      if (column ? tag === "td" : !text) {
        const [first, second] = text.split("\n");
        const data = create("td", "", second ? [first, create("small", "", [second])] : [first]);
        data.dir = "auto";
        return data;
      }
      const cell = create("th");
      setBreakable(cell, text);
      cell.scope = tag === "th" ? "col" : "row";
      cell.dir = "auto";
      return cell;
    });
    part.appendChild(create("tr", "", cells));
  }
}

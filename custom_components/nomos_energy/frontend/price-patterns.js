/** Patterns of the price card: what bars and swatches are filled with. */

import { svg } from "./dom.js";

/**
 * @param {string} id
 * @param {string} name Class: "cut" for lines that cut into a bar, "drawn" for others.
 * @param {number} size
 * @param {number} angle
 */
function lines(id, name, size, angle) {
  const area = { width: size, height: size, patternUnits: "userSpaceOnUse" };
  return svg(
    "pattern",
    { id, ...area, patternTransform: `rotate(${angle})` },
    svg("line", { class: name, x1: 0, x2: 0, y1: 0, y2: size, "stroke-width": 2 }),
  );
}

/** Patterns, so that levels are told apart without colours. */
export function patterns() {
  return svg(
    "svg",
    { class: "hidden", "aria-hidden": "true" },
    svg(
      "defs",
      {},
      lines("flat", "cut", 10, 90),
      lines("flatter", "cut", 5, 90),
      lines("sparse", "cut", 9, 45),
      lines("dense", "cut", 5, 45),
      lines("drawn", "drawn", 8, 45),
    ),
  );
}

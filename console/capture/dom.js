// Elements made by hand: no markup is ever read from text, so nothing that the server or a relying party wrote can become one.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; strings become text. */
export function element(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** An element of a drawing. */
export function shape(name, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(key, value);
    else if (value !== null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/** Sets a text only when it is another one: a screen reader says again what is set again. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** The ring around the picture: full when all steps are over. */
export function ring() {
  const oval = "M 60 3 A 57 76 0 0 1 60 155 A 57 76 0 0 1 60 3";
  return shape(
    "svg",
    { viewBox: "0 0 120 158", class: "ring", "aria-hidden": "true" },
    shape("path", { d: oval, class: "ring-all" }),
    shape("path", { d: oval, class: "ring-done", pathLength: "100", "stroke-dasharray": "0 200" }),
  );
}

const SIGNS = {
  turn_left: "M 15 4 L 7 12 L 15 20",
  turn_right: "M 9 4 L 17 12 L 9 20",
  smile: "M 3 9 Q 12 20 21 9",
  judged: "M 4 12.5 L 10 18.5 L 20 6.5",
  halted: "M 7 7 L 17 17 M 17 7 L 7 17",
  time: "M 12 5 L 12 12 L 17 15",
  trouble: "M 12 5 L 12 13.5 M 12 18.4 L 12 18.6",
};

/** A sign beside words that say the same. */
export function sign(name) {
  return shape("svg", { viewBox: "0 0 24 24", class: `sign sign-${name}`, "aria-hidden": "true" }, shape("path", { d: SIGNS[name] }));
}

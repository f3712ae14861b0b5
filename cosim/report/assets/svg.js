// Elements. All text goes through text nodes and attributes: names cannot become markup.

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "onclick" || name === "oninput" || name === "onchange") element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const tag = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
const shape = (name, attributes, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

const label = (x, y, text, attributes) => shape("text", { x, y, ...attributes }, String(text));
const title = (text) => shape("title", {}, text);
const byId = (id) => document.getElementById(id);

// Draws now, and again when the width of its place changes: draw(width) gives an element.
function responsive(host, draw) {
  let drawn = 0;
  const redraw = () => {
    drawn = host.clientWidth;
    if (drawn > 0) host.replaceChildren(draw(drawn));
  };
  new ResizeObserver(() => { if (host.clientWidth !== drawn) redraw(); }).observe(host);
  redraw();
  return redraw;
}

// A dash pattern and a marker tell series apart without their colour.
const DASHES = ["", "7 3", "2 3", "9 3 2 3", "12 4", "4 2 1 2", "1 2"];
const MARKS = [
  "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0 -12 0Z", "M-5-5h10v10h-10Z", "M0-7L7 5H-7Z", "M0-7L7 0L0 7L-7 0Z",
  "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4Z", "M0 7L7-5H-7Z", "M-6-3h12v6h-12Z",
];
const colour = (place) => `var(--s${place % 7})`;
const dash = (place) => DASHES[place % DASHES.length];
const mark = (place, attributes) => shape("path", { d: MARKS[place % MARKS.length], fill: colour(place), ...attributes });

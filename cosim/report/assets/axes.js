// Scales and axes: every axis has a label with its unit.

function scale(low, high, from, to) {
  const span = high > low ? high - low : 1;
  const map = (value) => from + ((value - low) / span) * (to - from);
  map.back = (pixel) => low + ((pixel - from) / (to - from)) * span;
  return map;
}

// Room beside values from low to high: a part of their span; of themselves where they are all but the same.
function room(low, high, part) {
  return Math.max((high - low) * part, Math.abs(high) * 1e-3) || 1;
}

// Round steps of 1, 2 or 5, about `count` of them.
function ticks(low, high, count) {
  const raw = (high > low ? high - low : 1) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999);
  const values = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) values.push(i * step + 0); // no -0
  return { values, step };
}

// options: width, height, x and y as {low, high, label}, name, margin; gives {root, plot, x, y, inner}.
function frame(options) {
  const { width, height } = options;
  const margin = { left: 52, right: 18, top: 10, bottom: 38, ...options.margin };
  const right = width - margin.right;
  const bottom = height - margin.bottom;
  const x = scale(options.x.low, options.x.high, margin.left, right);
  const y = scale(options.y.low, options.y.high, bottom, margin.top);
  const root = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": options.name });
  const across = ticks(options.x.low, options.x.high, (right - margin.left) / 80);
  for (const value of across.values) {
    const at = x(value);
    root.append(
      shape("line", { x1: at, x2: at, y1: margin.top, y2: bottom, class: "grid" }),
      label(at, bottom + 15, number(value, digitsFor(across.step)), { class: "tick", "text-anchor": "middle" }),
    );
  }
  if (!options.y.hidden) yAxis(root, options, { x: margin.left, right, y, top: margin.top, bottom });
  root.append(
    shape("line", { x1: margin.left, x2: right, y1: bottom, y2: bottom, class: "axis" }),
    label((margin.left + right) / 2, height - 6, options.x.label, { class: "muted", "text-anchor": "middle" }),
  );
  const plot = shape("g", {});
  root.append(plot);
  return { root, plot, x, y, inner: { left: margin.left, right, top: margin.top, bottom } };
}

function yAxis(root, options, place) {
  const upward = ticks(options.y.low, options.y.high, (place.bottom - place.top) / 36);
  for (const value of upward.values) {
    const at = place.y(value);
    root.append(
      shape("line", { x1: place.x, x2: place.right, y1: at, y2: at, class: "grid" }),
      label(place.x - 6, at + 4, number(value, digitsFor(upward.step)), { class: "tick", "text-anchor": "end" }),
    );
  }
  const middle = (place.top + place.bottom) / 2;
  root.append(label(0, 0, options.y.label, {
    class: "muted", "text-anchor": "middle", transform: `translate(12 ${middle}) rotate(-90)`,
  }));
}

// A path through points; `stepped` keeps each value until the next.
function line(points, stepped) {
  let d = "";
  points.forEach(([x, y], i) => {
    if (i === 0) d += `M${x.toFixed(1)} ${y.toFixed(1)}`;
    else d += stepped ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `L${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return d;
}

// A place that moves the playhead to where it is clicked.
function seekable(chart, seek) {
  const { left, right, top, bottom } = chart.inner;
  const head = shape("line", { y1: top, y2: bottom, class: "playhead" });
  const target = shape("rect", { x: left, y: top, width: Math.max(0, right - left), height: bottom - top, class: "seek" });
  target.addEventListener("click", (event) => {
    const box = chart.root.getBoundingClientRect();
    seek(chart.x.back(event.clientX - box.left));
  });
  chart.root.append(head, target);
  return (value) => {
    const at = Math.min(right, Math.max(left, chart.x(value)));
    head.setAttribute("x1", at);
    head.setAttribute("x2", at);
  };
}

// What stands in a chart of tasks when there is none.
function sayEmpty(chart, width) {
  chart.plot.append(label(width / 2, 70, "No task was finished", { "text-anchor": "middle" }));
}

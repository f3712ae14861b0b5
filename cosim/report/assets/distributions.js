// Curves over all runs of a series: distributions, and latency against energy.

class Distributions {
  constructor(report) {
    this.series = report.series;
    this.shown = new Set(report.series.map((_, place) => place));
    byId("legend").replaceChildren(this.legend());
    const curve = (key, text, factor) => (width) => this.cdf(width, key, text, factor);
    this.redraws = [
      responsive(byId("cdf-latency"), curve("latency_ms", "task latency (ms)")),
      responsive(byId("cdf-energy"), curve("energy_j", "energy of a task (J)")),
      responsive(byId("pareto"), (width) => this.pareto(width)),
    ];
  }

  legend() {
    const items = this.series.map((series, place) => {
      const box = tag("input", { type: "checkbox", checked: true, onchange: () => {
        if (box.checked) this.shown.add(place);
        else this.shown.delete(place);
        for (const redraw of this.redraws) redraw();
      } });
      const swatch = shape("svg", { width: 34, height: 16, "aria-hidden": "true" },
        shape("line", { x1: 0, x2: 34, y1: 8, y2: 8, stroke: colour(place), "stroke-width": 2.2, "stroke-dasharray": dash(place) }),
        mark(place, { transform: "translate(17 8)" }));
      return tag("li", {}, tag("label", {}, box, swatch, series.label));
    });
    return tag("ul", { class: "keyed" }, ...items);
  }

  visible(key) {
    return this.series.map((series, place) => [series, place]).filter(([series, place]) => this.shown.has(place) && series[key] !== null);
  }

  cdf(width, key, text) {
    const visible = this.visible(key);
    const highest = visible.reduce((most, [series]) => Math.max(most, series[key].max), 0);
    const lowest = visible.reduce((least, [series]) => Math.min(least, series[key].x[0]), highest);
    const margin = room(lowest, highest, 0.05);
    const low = Math.max(0, lowest - margin);
    const chart = frame({
      width, height: 280,
      x: { low, high: highest + margin, label: text }, y: { low: 0, high: 1.02, label: "share of tasks" },
      name: `Distribution: ${visible.map(([series]) => `${series.label} median ${number(series[key].p50, 2)}`).join(", ")}; ${text}`,
    });
    for (const [series, place] of visible) {
      const { x, share } = series[key];
      const points = [[chart.x(low), chart.y(0)], ...x.map((value, i) => [chart.x(value), chart.y(share[i])]), [chart.x(highest + margin), chart.y(1)]];
      chart.plot.append(shape("path", {
        d: line(points, true), fill: "none", stroke: colour(place), "stroke-width": 2, "stroke-dasharray": dash(place), "data-series": series.label },
      title(`${series.label}: median ${number(series[key].p50, 2)}, 95 % within ${number(series[key].p95, 2)}`)));
    }
    if (this.series.every((series) => series[key] === null)) sayEmpty(chart, width);
    return chart.root;
  }

  pareto(width) {
    const visible = this.visible("latency_ms");
    const single = this.series.length === 1;
    const means = this.means(visible, single);
    const xs = visible.flatMap(([series]) => [series.latency_ms.mean, ...series.points.map((point) => point[0])]);
    const ys = visible.flatMap(([series]) => [series.energy_j.mean, ...series.points.map((point) => point[1])]);
    const range = (values) => {
      const [low, high] = values.length ? [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] : [0, 1];
      const margin = room(low, high, 0.06);
      return { low: Math.max(0, low - margin), high: high + margin };
    };
    const chart = frame({
      width, height: Math.min(420, Math.max(300, width * 0.5)),
      x: { ...range(xs), label: "task latency (ms)" }, y: { ...range(ys), label: "energy of a task (J)" },
      name: `Mean latency and energy: ${means.map((mean) => `${mean.label} ${number(mean.x, 1)} ms, ${number(mean.y, 3)} J`).join("; ")}`,
    });
    for (const [series, place] of visible) {
      const dots = series.points.map(([x, y]) => `M${chart.x(x).toFixed(1)} ${chart.y(y).toFixed(1)}h0`).join("");
      chart.plot.append(shape("path", { d: dots, stroke: colour(place), "stroke-width": 4, "stroke-linecap": "round", "stroke-opacity": 0.35 }));
    }
    if (this.series.every((series) => series.latency_ms === null)) sayEmpty(chart, width);
    this.front(chart, means);
    const narrow = width < 560;
    this.marks(chart, means);
    if (!narrow) this.names(chart, means);
    byId("pareto-note").textContent = `Small dots: single tasks. Marks: means of ${single ? "the most frequent plans (layers at each node)" : "each policy"}, joined where no other is better in both (the Pareto front).`;
    return narrow ? tag("div", {}, chart.root, this.markList(means)) : chart.root;
  }

  marks(chart, means) {
    for (const mean of means) {
      chart.plot.append(mark(mean.place, { transform: `translate(${chart.x(mean.x)} ${chart.y(mean.y)})`, stroke: "var(--card)", "stroke-width": 1.5 }));
    }
  }

  markList(means) {
    return tag("ul", { class: "keyed small" }, ...means.map((mean) => tag("li", {},
      shape("svg", { width: 16, height: 16, "aria-hidden": "true" }, mark(mean.place, { transform: "translate(8 8)" })), mean.label)));
  }

  // By policy; of a single one, by plan.
  means(visible, single) {
    if (!single) {
      return visible.map(([series, place]) => ({ label: series.label, place, x: series.latency_ms.mean, y: series.energy_j.mean }));
    }
    return visible.flatMap(([series]) => series.plans.map((plan, place) => ({ label: plan.label, place, x: plan.latency_ms, y: plan.energy_j })));
  }

  front(chart, means) {
    const better = (a, b) => a.x <= b.x && a.y <= b.y && (a.x < b.x || a.y < b.y);
    const front = means.filter((mean) => !means.some((other) => better(other, mean))).sort((a, b) => a.x - b.x);
    chart.plot.append(shape("path", {
      d: line(front.map((mean) => [chart.x(mean.x), chart.y(mean.y)])), fill: "none", stroke: "var(--text)", "stroke-width": 1.5, "stroke-dasharray": "6 4", "data-what": "front" }));
  }

  // Names beside the marks, on the side that is free, moved down where two would lie on each other.
  names(chart, means) {
    const taken = [];
    for (const mean of [...means].sort((a, b) => b.y - a.y)) {
      const [x, y] = [chart.x(mean.x), chart.y(mean.y)];
      const wide = 7 * mean.label.length + 22; // about
      const crowded = means.some((other) => other !== mean && chart.x(other.x) >= x && chart.x(other.x) < x + wide && Math.abs(chart.y(other.y) - y) < 14);
      const left = x + wide > chart.inner.right || (crowded && x - wide > chart.inner.left);
      const from = left ? x - wide : x;
      let at = y + 4;
      while (taken.some((other) => Math.abs(other.at - at) < 14 && other.from < from + wide && from < other.from + other.wide)) at += 14;
      taken.push({ from, wide, at });
      chart.plot.append(label(left ? x - 11 : x + 11, at, mean.label, { class: "halo", "text-anchor": left ? "end" : "start" }));
    }
  }
}

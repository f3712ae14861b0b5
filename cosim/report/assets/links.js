// Capacity of each link over time, what was forecast of it, and when the split changed.

class LinkCharts {
  constructor(host, app) {
    this.app = app;
    this.heads = [];
    this.values = [];
    const { links } = app.run.view;
    byId("links-note").textContent = this.note();
    if (links.length === 0) host.replaceChildren(tag("p", { class: "muted" }, "No link was reported on."));
    else host.replaceChildren(...links.map((link, place) => this.tile(link, place)));
  }

  note() {
    const { view } = this.app.run;
    const parts = ["Capacity towards the cloud that a task could have, at each report."];
    if (view.links.some((link) => link.low_kbps.some((low, i) => low !== link.high_kbps[i]))) {
      parts.push("The run is long: a line is the mean of a short stretch, the band its least and greatest value.");
    }
    parts.push(`Ticks on top: the ${plural(view.resplit_us.length, "moment")} of re-splitting; dashed lines: handovers.`);
    return parts.join(" ");
  }

  tile(link, place) {
    const { run } = this.app;
    this.values[place] = tag("span", { class: "value" });
    const heading = tag("h3", { class: "heading" }, `${link.name}: ${link.transmitter} to ${link.receiver}`, this.values[place]);
    const chart = tag("div", {});
    const parts = [heading];
    if (link.forecasts) {
      const error = link.forecasts.mean_error;
      parts.push(keyOf([["capacity", "var(--compute)"], [`forecast${error === null ? "" : `, mean error ${percent(error)}`}`, "var(--transfer)"]]));
    }
    const tile = tag("div", { "data-link": link.name }, ...parts, chart);
    // The tile has to be on the page to have a width.
    queueMicrotask(() => responsive(chart, (width) => this.draw(link, place, width, run)));
    return tile;
  }

  draw(link, place, width, run) {
    const end = run.view.duration_us / 1e6;
    const forecasts = link.forecasts || { due_us: [], kbps: [] };
    const highest = [...link.high_kbps, ...forecasts.kbps].reduce((most, value) => Math.max(most, value), 0) / 1e3;
    const mean = link.kbps.reduce((sum, value) => sum + value, 0) / link.kbps.length / 1e3;
    const chart = frame({
      width, height: 170, margin: { top: 16 },
      x: { low: 0, high: end, label: "time (s)" },
      y: { low: 0, high: highest * 1.05 || 1, label: "capacity (Mbps)" },
      name: `Capacity of link ${link.name} over ${number(end, 1)} s, mean ${number(mean, 1)} Mbps, at most ${number(highest, 1)} Mbps`,
    });
    const x = link.time_us.map((time) => chart.x(time / 1e6));
    const y = (values) => values.map((value, i) => [x[i], chart.y(value / 1e3)]);
    const band = [...y(link.low_kbps), ...y(link.high_kbps).reverse()];
    chart.plot.append(
      shape("path", { d: `${line(band)}Z`, fill: "var(--compute)", "fill-opacity": 0.22 }),
      shape("path", { d: line(y(link.kbps), true), fill: "none", stroke: "var(--compute)", "stroke-width": 1.4 }),
      shape("path", {
        d: forecasts.due_us.map((due, i) => `M${chart.x(due / 1e6).toFixed(1)} ${chart.y(forecasts.kbps[i] / 1e3).toFixed(1)}h0`).join(""),
        stroke: "var(--transfer)", "stroke-width": forecasts.due_us.length > width / 3 ? 2 : 4, "stroke-linecap": "round" }),
      shape("path", { d: run.view.resplit_us.map((at) => `M${chart.x(at / 1e6).toFixed(1)} 4v8`).join(""), stroke: "var(--sci)", "stroke-width": 1.5, "data-what": "resplits" }),
      ...this.handovers(chart, run),
    );
    this.heads[place] = seekable(chart, (value) => this.app.seek(value * 1e6));
    this.updateOne(place);
    return chart.root;
  }

  handovers(chart, run) {
    const times = run.view.ues.flatMap((ue) => ue.serving_us.slice(1));
    return times.map((at) => shape("line", {
      x1: chart.x(at / 1e6), x2: chart.x(at / 1e6), y1: chart.inner.top, y2: chart.inner.bottom, stroke: "var(--muted)", "stroke-dasharray": "5 4" },
    title(`handover at ${seconds(at)}`)));
  }

  // Where the playhead is, and what the capacity is there.
  updateOne(place) {
    const { time, run } = this.app;
    const link = run.view.links[place];
    const at = lastAtMost(link.time_us, time);
    this.values[place].textContent = at < 0 ? "" : `${number(link.kbps[at] / 1e3, 1)} Mbps`;
    this.heads[place](time / 1e6);
  }

  update() { this.heads.forEach((_, place) => this.updateOne(place)); }
}

// The latency of all tasks, and one task hop by hop.

const PARTS = [["transfer", "var(--transfer)"], ["queue", "var(--queue)"], ["compute", "var(--compute)"]];

function keyOf(entries) {
  const items = entries.map(([name, paint, kind]) => {
    const swatch = kind === "line"
      ? shape("line", { x1: 0, x2: 18, y1: 6, y2: 6, stroke: paint, "stroke-width": 2, "stroke-dasharray": "3 3" })
      : shape("rect", { width: 18, height: 12, fill: paint });
    return tag("li", {}, shape("svg", { width: 18, height: 12, "aria-hidden": "true" }, swatch), name);
  });
  return tag("ul", { class: "keyed small" }, ...items);
}

// Latency over time, stacked; where tasks are more than pixels, each pixel shows its slowest task.
class Strip {
  constructor(host, app) {
    this.app = app;
    this.redraw = responsive(host, (width) => this.draw(width));
  }

  draw(width) {
    const { run, ue } = this.app;
    const tasks = run.view.tasks;
    const own = this.slowest(run.ofUe[ue] || [], tasks, width);
    const highest = own.reduce((most, task) => Math.max(most, tasks.latency_us[task]), 0) / 1e3;
    const chart = frame({
      width, height: 170,
      x: { low: 0, high: run.view.duration_us / 1e6, label: "start of the task (s)" },
      y: { low: 0, high: highest * 1.05 || 1, label: "latency (ms)" },
      name: `Latency of ${plural(run.ofUe[ue] ? run.ofUe[ue].length : 0, "task")}, at most ${number(highest, 1)} ms, split into transfer, queue and compute`,
    });
    const paths = PARTS.map(([name, paint]) => [name, paint, []]);
    const next = (i) => (i + 1 < own.length ? tasks.start_us[own[i + 1]] : run.view.duration_us);
    own.forEach((task, i) => {
      const left = chart.x(tasks.start_us[task] / 1e6);
      const wide = Math.max(1, Math.min(chart.x(next(i) / 1e6) - left - 0.5, 14));
      let below = 0;
      for (const [name, , boxes] of paths) {
        const above = below + tasks[`${name}_us`][task] / 1e3;
        const top = chart.y(above);
        boxes.push(`M${left.toFixed(1)} ${top.toFixed(1)}h${wide.toFixed(1)}V${chart.y(below).toFixed(1)}h${(-wide).toFixed(1)}Z`);
        below = above;
      }
    });
    for (const [, paint, boxes] of paths) chart.plot.append(shape("path", { d: boxes.join(""), fill: paint }));
    if (own.length === 0) sayEmpty(chart, width);
    this.moveHead = seekable(chart, (value) => this.app.seekTask(value * 1e6));
    this.update();
    return tag("div", {}, keyOf(PARTS), chart.root);
  }

  slowest(own, tasks, width) {
    const most = Math.max(1, Math.floor(width - 64));
    if (own.length <= most) return own;
    const best = new Map();
    for (const task of own) {
      const pixel = Math.floor((tasks.start_us[task] / this.app.run.view.duration_us) * most);
      const held = best.get(pixel);
      if (held === undefined || tasks.latency_us[task] > tasks.latency_us[held]) best.set(pixel, task);
    }
    return [...best.values()];
  }

  update() { this.moveHead(this.app.time / 1e6); }
}

// One task: what each hop took and when, and the split cost information (SCI) that it was decided by.
class TaskTimeline {
  constructor(host, app) {
    this.app = app;
    this.redraw = responsive(host, (width) => this.draw(width));
  }

  draw(width) {
    const { run, task } = this.app;
    this.shown = task;
    this.moveHead = () => {};
    if (task < 0) {
      byId("h-task").textContent = "One task";
      return tag("p", { class: "muted" }, "No task has begun at this time.");
    }
    const { task_id, start_us, latency_us } = run.view.tasks;
    const hops = run.hops(task);
    byId("h-task").textContent = `Task ${task_id[task]}, begun at ${seconds(start_us[task])}, hop by hop`;
    const early = Math.max(0, ...hops.map((hop) => hop.newsAge + Math.max(0, hop.newsHop) - hop.begin - Math.max(0, hop.transfer)));
    const low = -Math.min(early, Math.max(latency_us[task], 100e3)) / 1e3;
    const row = 34;
    const chart = frame({
      width, height: 48 + row * hops.length, margin: { left: Math.min(110, width * 0.22), top: 8, right: 16 },
      x: { low, high: (latency_us[task] / 1e3) * 1.02, label: "time since the start of the task (ms)" },
      y: { low: 0, high: 1, hidden: true },
      name: `Task ${task_id[task]} by hop: ${hops.map((hop) => this.words(hop)).join("; ")}`,
    });
    const clip = shape("clipPath", { id: "task-clip" }, shape("rect", {
      x: chart.inner.left, y: 0, width: chart.inner.right - chart.inner.left, height: chart.inner.bottom }));
    chart.root.append(clip);
    chart.plot.setAttribute("clip-path", "url(#task-clip)");
    hops.forEach((hop, i) => this.drawHop(chart, hop, 12 + i * row));
    const zero = chart.x(0);
    chart.plot.append(shape("line", { x1: zero, x2: zero, y1: 0, y2: chart.inner.bottom, class: "axis" }));
    this.moveHead = seekable(chart, (value) => this.app.seek(start_us[task] + value * 1e3));
    this.update();
    const key = keyOf([
      ["SCI on its way to the node", "var(--sci)"], ["until it is used", "var(--sci)", "line"],
      ["transfer to the node", "var(--transfer)"], ["queue", "var(--queue)"], ["compute", "var(--compute)"],
    ]);
    const note = run.view.in_order ? null
      : tag("p", { class: "muted small" }, "A training step also goes back: each bar is the sum of both passes at that node.");
    return tag("div", {}, key, note, chart.root, this.table(hops));
  }

  words(hop) {
    const name = this.app.run.name(hop.node);
    if (!hop.known) return `${name}: not recorded`;
    return `${name}: transfer ${milliseconds(hop.transfer)}, queue ${milliseconds(hop.queue)}, compute ${milliseconds(hop.compute)}`;
  }

  drawHop(chart, hop, top) {
    const name = label(chart.inner.left - 8, top + 13, this.app.run.name(hop.node), { "text-anchor": "end" });
    chart.root.append(name);
    const bar = (from, to, paint, text, thin) => {
      const [left, right] = [chart.x(from / 1e3), chart.x(to / 1e3)];
      chart.plot.append(shape("rect", {
        x: left, width: Math.max(right - left, 1.5), y: top + (thin ? 19 : 0), height: thin ? 5 : 17, fill: paint }, title(text)));
    };
    const arrived = hop.begin + Math.max(0, hop.transfer);
    if (hop.newsAge >= 0) {
      const heard = arrived - hop.newsAge;
      chart.plot.append(shape("line", {
        x1: chart.x(heard / 1e3), x2: chart.x(arrived / 1e3), y1: top + 21.5, y2: top + 21.5, stroke: "var(--sci)", "stroke-width": 1.5, "stroke-dasharray": "3 3" }));
      bar(heard - Math.max(0, hop.newsHop), heard, "var(--sci)", `SCI took ${milliseconds(Math.max(0, hop.newsHop))}`, true);
    }
    let from = hop.begin;
    for (const [what, paint] of PARTS) {
      if (hop[what] > 0) bar(from, from + hop[what], paint, `${what}: ${milliseconds(hop[what])}`);
      from += Math.max(0, hop[what]);
    }
  }

  table(hops) {
    const cell = (us) => tag("td", {}, us < 0 ? "-" : number(us / 1e3, 1));
    const heads = ["node", "layers", "transfer (ms)", "queue (ms)", "compute (ms)", "SCI, last hop (ms)", "SCI, age (ms)"];
    return tag("div", { class: "table small" }, tag("table", { id: "hops" },
      tag("thead", {}, tag("tr", {}, ...heads.map((head) => tag("th", { scope: "col" }, head)))),
      tag("tbody", {}, ...hops.map((hop) => tag("tr", {},
        tag("td", {}, this.app.run.name(hop.node)),
        tag("td", {}, hop.layers ? `${hop.first} to ${hop.last}` : "-"),
        ...[hop.transfer, hop.queue, hop.compute, hop.newsHop, hop.newsAge].map(cell))))));
  }

  update() {
    if (this.app.task !== this.shown) this.redraw();
    else if (this.shown >= 0) this.moveHead((this.app.time - this.app.run.view.tasks.start_us[this.shown]) / 1e3);
  }
}

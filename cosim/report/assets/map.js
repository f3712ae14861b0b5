// The network on its map: the UEs move, the nodes of the task's plan show their share of the layers.

const RADIUS = { ue: 8, iab: 11, donor: 13, core: 12, cloud: 14 };

class NetworkMap {
  constructor(host, app) {
    this.app = app;
    this.redraw = responsive(host, (width) => this.draw(width));
  }

  draw(width) {
    const { run } = this.app;
    const nodes = run.view.nodes;
    const points = this.app.zoomed ? this.pointsNearUe() : this.allPoints();
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const box = { x: Math.min(...xs), y: Math.min(...ys) };
    box.width = Math.max(Math.max(...xs) - box.x, 1);
    box.height = Math.max(Math.max(...ys) - box.y, 1);
    const side = width < 500 ? 34 : 52;
    const height = Math.round(Math.min(Math.max((width - 2 * side) * (box.height / box.width), 150) + 100, 600));
    const zoom = Math.min((width - 2 * side) / box.width, (height - 100) / box.height);
    const left = (width - zoom * box.width) / 2;
    this.x = (x) => left + (x - box.x) * zoom;
    this.y = (y) => height - 58 - (height - 100 - zoom * box.height) / 2 - (y - box.y) * zoom;
    this.root = shape("svg", {
      width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
      "aria-label": `Map of ${nodes.length} nodes; the list beside it says where the task's layers run`,
    });
    this.drawScale(width, height, zoom);
    this.drawLinks();
    this.drawWays();
    this.route = shape("path", { fill: "none", stroke: "var(--route)", "stroke-width": 5, "stroke-opacity": 0.45, "stroke-linecap": "round", "stroke-linejoin": "round" });
    this.access = run.view.ues.map(() => shape("line", { stroke: "var(--link)", "stroke-width": 1.5, "stroke-dasharray": "2 4" }));
    this.root.append(...this.access, this.route);
    this.marks = nodes.map((node) => this.drawNode(node));
    this.token = shape("circle", { r: 5, fill: "var(--route)", stroke: "var(--card)", "stroke-width": 2 });
    const moving = new Set(run.view.ues.map((ue) => ue.node)); // on top of the others
    const above = this.marks.filter((_, node) => moving.has(node));
    const below = this.marks.filter((_, node) => !moving.has(node));
    this.root.append(...[...below, ...above].map((each) => each.group), this.token);
    this.update();
    return this.root;
  }

  allPoints() {
    const { nodes, ues } = this.app.run.view;
    return [...nodes.map((node) => [node.x_m, node.y_m]), ...ues.flatMap((ue) => ue.x_m.map((x, i) => [x, ue.y_m[i]]))];
  }

  // Where the UE is during the run, and the nodes that serve it.
  pointsNearUe() {
    const { run, ue } = this.app;
    const { time_us, serving } = run.view.ues[ue];
    const times = [0, ...time_us.filter((time) => time < run.view.duration_us), run.view.duration_us];
    const nodes = serving.map((node) => run.view.nodes[node]);
    return [...times.map((time) => run.position(ue, time)), ...nodes.map((node) => [node.x_m, node.y_m])];
  }

  // A bar as long as a round number of metres.
  drawScale(width, height, zoom) {
    const length = ticks(0, (width * 0.3) / zoom, 2).step;
    const y = height - 14;
    this.root.append(
      shape("path", { d: `M12 ${y - 5}v5h${length * zoom}v-5`, class: "axis" }),
      label(18 + length * zoom, y, `${number(length, digitsFor(length))} m`, { class: "muted" }),
    );
  }

  drawLinks() {
    this.uplinks = this.app.run.view.uplinks.map((uplink) => {
      const name = title("");
      const mark = shape("line", { stroke: "var(--link)", "stroke-width": uplink.wireless ? 2 : 3.5, "stroke-dasharray": uplink.wireless ? "7 4" : null }, name);
      const text = label(0, 0, uplink.name, { class: "muted halo" });
      const group = shape("g", { "data-link": uplink.name }, mark, text);
      this.root.append(group);
      return { uplink, group, mark, name, text };
    });
  }

  // A link leads to another node after a change of the tree, and to none while one end sleeps.
  updateLinks(time) {
    const { run } = this.app;
    for (const { uplink, group, mark, name, text } of this.uplinks) {
      const parent = run.parent(uplink, time);
      group.setAttribute("visibility", parent === null ? "hidden" : "visible");
      if (parent === null) continue;
      const [[x1, y1], [x2, y2]] = [this.at(uplink.child, time), this.at(parent, time)];
      fill(mark, { x1, y1, x2, y2 }, []);
      fill(text, { x: (x1 + x2) / 2 + 6, y: (y1 + y2) / 2 - 4 }, []);
      name.textContent = `${uplink.name}: ${run.name(uplink.child)} to ${run.name(parent)}, ${uplink.wireless ? "wireless" : "wired"}`;
    }
  }

  // Where the UEs go.
  drawWays() {
    for (const ue of this.app.run.view.ues) {
      const points = ue.x_m.map((x, i) => [this.x(x), this.y(ue.y_m[i])]);
      this.root.append(shape("path", { d: line(points), fill: "none", stroke: "var(--muted)", "stroke-width": 1.2, "stroke-dasharray": "1 4", "stroke-linecap": "round" }));
    }
  }

  drawNode(node) {
    const radius = RADIUS[node.kind];
    const around = 2 * Math.PI * (radius + 4);
    const ring = shape("circle", {
      r: radius + 4, fill: "none", stroke: "var(--compute)", "stroke-width": 5, transform: "rotate(-90)", "stroke-dasharray": `0 ${around}`,
    });
    const body = shape("circle", { r: radius, fill: "var(--card)", stroke: "var(--text)", "stroke-width": node.computes ? 2 : 1, "stroke-dasharray": node.computes ? null : "2 2" });
    const share = label(0, -radius - 11, "", { class: "halo", "text-anchor": "middle", "font-weight": "700" });
    const group = shape("g", { "data-node": node.name },
      ring, body,
      label(0, 4, { ue: "U", iab: "I", donor: "D", core: "M", cloud: "C" }[node.kind], { "text-anchor": "middle", "font-weight": "600", "font-size": "11" }),
      label(0, radius + 19, node.name, { class: "halo", "text-anchor": "middle" }),
      share,
      title(`${node.name}: ${node.kind}${node.computes ? "" : ", does not compute"}${node.placed ? `, at ${number(node.x_m, 0)}, ${number(node.y_m, 0)} m` : ", drawn beside the map"}`),
    );
    group.setAttribute("transform", `translate(${this.x(node.x_m)} ${this.y(node.y_m)})`);
    return { group, ring, body, share, around };
  }

  // Where a node is now, in pixels.
  at(node, time) {
    const { run } = this.app;
    const ue = run.view.ues.findIndex((each) => each.node === node);
    const [x, y] = ue < 0 ? [run.view.nodes[node].x_m, run.view.nodes[node].y_m] : run.position(ue, time);
    return [this.x(x), this.y(y)];
  }

  update() {
    const { run, time, ue, task } = this.app;
    this.updateLinks(time);
    run.view.ues.forEach((each, place) => {
      const [x, y] = this.at(each.node, time);
      this.marks[each.node].group.setAttribute("transform", `translate(${x} ${y})`);
      const serving = run.serving(place, time);
      const [x2, y2] = serving === null ? [x, y] : this.at(serving, time);
      fill(this.access[place], { x1: x, y1: y, x2, y2 }, []);
    });
    const hops = task < 0 ? [] : run.hops(task);
    const shares = new Map(hops.map((hop) => [hop.node, hop.layers]));
    this.marks.forEach((mark, node) => {
      const layers = shares.get(node) || 0;
      const part = layers / Math.max(1, run.view.layers);
      mark.ring.setAttribute("stroke-dasharray", `${part * mark.around} ${mark.around}`);
      mark.body.setAttribute("stroke", shares.has(node) ? "var(--route)" : "var(--text)");
      mark.share.textContent = layers ? plural(layers, "layer") : "";
    });
    const legs = hops.slice(1).map((hop, i) => run.way(ue, hops[i].node, hop.node, time).map((node) => this.at(node, time)));
    this.route.setAttribute("d", legs.map((leg) => line(leg)).join(""));
    this.updateToken(hops, legs);
  }

  // A dot where the task is.
  updateToken(hops, legs) {
    const { run, time, task } = this.app;
    const phase = run.view.in_order && run.isUnderWay(task, time) ? run.phase(task, time) : null;
    this.token.setAttribute("visibility", phase && phase.what === "transfer" ? "visible" : "hidden");
    this.marks.forEach((mark, node) => {
      const busy = phase !== null && phase.what === "compute" && hops[phase.place].node === node;
      mark.body.setAttribute("fill", busy ? "color-mix(in srgb, var(--compute) 35%, var(--card))" : "var(--card)");
    });
    if (!phase || phase.what !== "transfer" || phase.place === 0) return;
    const leg = legs[phase.place - 1];
    const along = phase.share * (leg.length - 1);
    const i = Math.min(leg.length - 2, Math.floor(along));
    if (i < 0) return;
    const [[x1, y1], [x2, y2]] = [leg[i], leg[i + 1]];
    fill(this.token, { cx: x1 + (along - i) * (x2 - x1), cy: y1 + (along - i) * (y2 - y1) }, []);
  }
}

// What the map shows, in words.
class NowPanel {
  constructor(host, app) {
    this.host = host;
    this.app = app;
    this.facts = tag("dl", { class: "fact" });
    this.heading = tag("h3", {});
    this.split = tag("ul", { class: "split", id: "split" });
    host.replaceChildren(this.facts, this.heading, this.split);
    this.shown = null;
    this.update();
  }

  update() {
    const { run, time, ue, task } = this.app;
    const rows = [["time", seconds(time)]];
    if (run.view.ues.length) {
      const [x, y] = run.position(ue, time);
      const serving = run.serving(ue, time);
      rows.push([run.name(run.view.ues[ue].node), `at ${number(x, 1)}, ${number(y, 1)} m`]);
      rows.push(["served by", serving === null ? "nobody" : run.name(serving)]);
    }
    this.facts.replaceChildren(...rows.flatMap(([name, value]) => [tag("dt", {}, name), tag("dd", {}, value)]));
    const key = `${task} ${run.isUnderWay(task, time)}`;
    if (key !== this.shown) this.showTask(task);
    this.shown = key;
  }

  showTask(task) {
    const { run, time } = this.app;
    if (task < 0) {
      this.heading.textContent = "No task has begun";
      this.split.replaceChildren();
      return;
    }
    const { task_id, latency_us, energy_mj } = run.view.tasks;
    const state = run.isUnderWay(task, time) ? "under way" : "done";
    this.heading.textContent = `Task ${task_id[task]}, ${state}: ${milliseconds(latency_us[task])}, ${number(energy_mj[task] / 1e3, 3)} J`;
    const layers = Math.max(1, run.view.layers);
    this.split.replaceChildren(...run.hops(task).map((hop) => {
      const share = hop.layers ? `layers ${hop.first} to ${hop.last}` : "passes it on";
      const bar = tag("span", {});
      bar.style.width = `${(100 * hop.layers) / layers}%`;
      return tag("li", {}, tag("span", { class: "name" }, run.name(hop.node)), tag("span", { class: "muted" }, share), tag("span", { class: "bar" }, bar));
    }));
  }
}

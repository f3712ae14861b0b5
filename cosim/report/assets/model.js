// A run with what the views ask of it. Tasks are meant by their place in the columns.

// The last place whose value is at most `value`, or -1.
function lastAtMost(values, value) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

const HOP_FIELDS = 5; // transfer, queue, compute, age of the news, its last hop

class Run {
  constructor(view) {
    this.view = view;
    const tasks = view.tasks;
    this.firstHop = new Int32Array(tasks.start_us.length);
    this.ofUe = view.ues.map(() => []);
    this.startsOfUe = view.ues.map(() => []);
    let at = 0;
    tasks.start_us.forEach((start, task) => {
      this.firstHop[task] = at;
      at += view.plans[tasks.plan[task]].route.length;
      this.ofUe[tasks.ue[task]].push(task);
      this.startsOfUe[tasks.ue[task]].push(start);
    });
  }

  // Starts of a UE's tasks that were split otherwise than the one before.
  resplits(ue) {
    const own = this.ofUe[ue] || [];
    const plan = (place) => this.view.tasks.plan[own[place]];
    return this.startsOfUe[ue].filter((_, place) => place > 0 && plan(place) !== plan(place - 1));
  }

  name(node) { return this.view.nodes[node].name; }

  plan(task) { return this.view.plans[this.view.tasks.plan[task]]; }

  // The UE's newest task at a time, or -1.
  taskAt(ue, time) {
    const place = lastAtMost(this.startsOfUe[ue], time);
    return place < 0 ? -1 : this.ofUe[ue][place];
  }

  // The UE's task so many places after another.
  neighbour(ue, task, steps) {
    const own = this.ofUe[ue];
    if (own.length === 0) return -1;
    const place = task < 0 ? -1 : lastAtMost(own, task);
    return own[Math.min(own.length - 1, Math.max(0, place + steps))];
  }

  isUnderWay(task, time) {
    const { start_us, latency_us } = this.view.tasks;
    return task >= 0 && time < start_us[task] + latency_us[task];
  }

  position(ue, time) {
    const { time_us, x_m, y_m } = this.view.ues[ue];
    const i = lastAtMost(time_us, time);
    if (i < 0) return [x_m[0], y_m[0]];
    if (i === time_us.length - 1) return [x_m[i], y_m[i]];
    const part = (time - time_us[i]) / (time_us[i + 1] - time_us[i]);
    return [x_m[i] + part * (x_m[i + 1] - x_m[i]), y_m[i] + part * (y_m[i + 1] - y_m[i])];
  }

  // The node that serves a UE, or null.
  serving(ue, time) {
    const { serving_us, serving } = this.view.ues[ue];
    const i = lastAtMost(serving_us, time);
    return i < 0 ? null : serving[i];
  }

  // What the task met at each node; times in microseconds after its start.
  hops(task) {
    const { route, boundaries } = this.plan(task);
    let now = 0;
    return route.map((node, i) => {
      const at = (this.firstHop[task] + i) * HOP_FIELDS;
      const [transfer, queue, compute, newsAge, newsHop] = this.view.tasks.hops.slice(at, at + HOP_FIELDS);
      const begin = now;
      const known = transfer >= 0;
      now += known ? transfer + queue + compute : 0;
      return {
        node, transfer, queue, compute, newsAge, newsHop, begin, known,
        first: boundaries[i] + 1, last: boundaries[i + 1], layers: boundaries[i + 1] - boundaries[i],
      };
    });
  }

  // Where a task is: at which hop, doing what, and how much of that is over.
  phase(task, time) {
    const since = time - this.view.tasks.start_us[task];
    for (const [place, hop] of this.hops(task).entries()) {
      let end = hop.begin;
      for (const what of ["transfer", "queue", "compute"]) {
        const lasts = hop[what];
        if (lasts > 0 && since < end + lasts) return { place, what, share: (since - end) / lasts };
        end += Math.max(0, lasts);
      }
    }
    return null;
  }

  // The nodes between two computing nodes, both included, by way of the one that serves the UE.
  way(ue, from, to, time) {
    const nodes = [from];
    let here = from;
    if (here === this.view.ues[ue].node) {
      here = this.serving(ue, time);
      if (here === null) return nodes;
      nodes.push(here);
    }
    return [...nodes, ...this.wayUp(here, to, time)];
  }

  // The node that a fixed link leads to, or null while one of its ends sleeps.
  parent(uplink, time) {
    const i = lastAtMost(uplink.since_us, time);
    return uplink.parents[Math.max(i, 0)];
  }

  // The nodes after one on the shortest way up to another; none where there is no way.
  wayUp(from, to, time) {
    const ways = [[from]];
    const seen = new Set([from]);
    for (const way of ways) { // grows while it is walked
      const last = way[way.length - 1];
      if (last === to) return way.slice(1);
      for (const uplink of this.view.uplinks.filter((each) => each.child === last)) {
        const next = this.parent(uplink, time);
        if (next === null || seen.has(next)) continue;
        seen.add(next);
        ways.push([...way, next]);
      }
    }
    return [];
  }
}

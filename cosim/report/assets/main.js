// The page: which run, which UE, what time; the views follow.

class App {
  constructor(report) {
    this.report = report;
    this.views = [];
    this.player = null;
    this.zoomed = false; // whether the map shows the UE's surroundings only
    this.choose(0);
  }

  choose(place) {
    this.run = new Run(this.report.runs[place]);
    this.ue = 0;
    this.begin();
  }

  chooseUe(ue) {
    this.ue = ue;
    this.begin();
  }

  // Draws all that depends on the run, at the start of its first task.
  begin() {
    this.task = -1;
    const first = this.run.view.ues.length ? this.run.startsOfUe[this.ue][0] : 0;
    this.time = first === undefined ? 0 : first;
    this.findTask();
    byId("manifest").replaceChildren(manifestTable(this.run));
    byId("h-manifest").textContent = `Run: ${this.run.view.label}`;
    if (this.player === null) this.player = new Player(byId("player"), this);
    else this.player.reset();
    const places = ["map", "now", "strip", "task", "links"].map(freshPlace);
    const kinds = [NetworkMap, NowPanel, Strip, TaskTimeline, LinkCharts];
    this.views = [...kinds.map((Kind, i) => new Kind(places[i], this)), this.player];
    this.player.update();
  }

  zoom(zoomed) {
    this.zoomed = zoomed;
    this.views[0].redraw();
  }

  findTask() {
    this.task = this.run.view.ues.length ? this.run.taskAt(this.ue, this.time) : -1;
  }

  seek(time) {
    this.time = Math.min(this.run.view.duration_us, Math.max(0, time));
    this.findTask();
    for (const view of this.views) view.update();
  }

  // To the task that began at or before a time, or the first one.
  seekTask(time) {
    this.time = time;
    this.findTask();
    this.step(0);
  }

  step(places) {
    const task = this.run.neighbour(this.ue, this.task, places);
    if (task >= 0) this.seek(this.run.view.tasks.start_us[task]);
  }

  stepSplit(direction) {
    if (this.run.view.ues.length === 0) return;
    const times = this.run.resplits(this.ue);
    const place = direction > 0 ? lastAtMost(times, this.time) + 1 : lastAtMost(times, this.time - 1);
    if (place >= 0 && place < times.length) this.seek(times[place]);
  }
}

// An element in place of the one with that id, so that observers of the old one end with it.
function freshPlace(id) {
  const old = byId(id);
  const fresh = old.cloneNode(false);
  old.replaceWith(fresh);
  return fresh;
}

function chooser(text, id, names, choose) {
  if (names.length < 2) return null;
  const select = tag("select", { id, onchange: () => choose(select.selectedIndex) }, ...names.map((name) => tag("option", {}, name)));
  return tag("label", {}, text, select);
}

function showChoices(report, app) {
  const ues = () => chooser("UE", "ue", app.run.view.ues.map((ue) => app.run.name(ue.node)), (ue) => app.chooseUe(ue));
  const runs = chooser("Run", "run", report.runs.map((run) => run.label), (place) => {
    app.choose(place);
    show();
  });
  const box = tag("input", { type: "checkbox", id: "zoom", onchange: () => app.zoom(box.checked) });
  const zoom = tag("label", {}, box, "Around the UE");
  const show = () => byId("choices").replaceChildren(
    ...[app.run.view.ues.length ? zoom : null, runs, ues()].filter((each) => each !== null));
  show();
}

function followTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = byId("theme");
  let chosen = null;
  const apply = () => {
    const dark = chosen === null ? system.matches : chosen === "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    button.textContent = dark ? "Light" : "Dark";
    button.setAttribute("aria-label", dark ? "Light colours" : "Dark colours");
  };
  button.onclick = () => {
    chosen = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    apply();
  };
  system.addEventListener("change", apply);
  apply();
}

function main() {
  const report = JSON.parse(byId("data").textContent);
  followTheme();
  byId("title").textContent = report.title;
  byId("subtitle").textContent = report.subtitle;
  byId("footer").textContent = `Written by cosim ${report.version}.`;
  byId("notices").replaceChildren(...notices(report));
  byId("summary").replaceChildren(summaryTable(report));
  new Distributions(report);
  showChoices(report, new App(report));
  document.documentElement.dataset.ready = "true";
}

main();

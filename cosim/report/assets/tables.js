// Summary by policy, the notices on top, and the manifest.

function summaryTable(report) {
  const reference = report.series.find((series) => series.policy === "hivemind");
  const value = (spread, key, digits) => (spread === null ? "-" : number(spread[key], digits));
  const ratio = (series) => (reference && reference.latency_ms && series.latency_ms
    ? number(reference.latency_ms.mean / series.latency_ms.mean, 2) : "-");
  const heads = ["policy", "runs", "tasks", "unfinished", "mean (ms)", "median (ms)", "95 % (ms)", "max (ms)", "mean (J)", "HiveMind/it"];
  const rows = report.series.map((series) => [
    series.label, number(series.runs, 0), number(series.done, 0), number(series.unfinished, 0),
    ...["mean", "p50", "p95", "max"].map((key) => value(series.latency_ms, key, 1)), value(series.energy_j, "mean", 3), ratio(series),
  ]);
  const note = reference ? `ms: latency of a task; J: its energy; HiveMind/it: mean latency of ${reference.label} over this one's` : "ms: latency of a task; J: its energy";
  const table = tag("table", {},
    tag("thead", {}, tag("tr", {}, ...heads.map((head) => tag("th", { scope: "col" }, head)))),
    tag("tbody", {}, ...rows.map((row) => tag("tr", {}, ...row.map((cell) => tag("td", {}, cell))))));
  return tag("div", {}, tag("div", { class: "table" }, table), tag("p", { class: "muted small" }, note));
}

function manifestTable(run) {
  const rows = (pairs) => tag("table", { class: "pairs small" }, tag("tbody", {}, ...pairs.map(
    ([name, value]) => tag("tr", {}, tag("th", { scope: "row" }, name), tag("td", {}, value)))));
  return tag("div", {}, rows(run.view.manifest),
    tag("details", {}, tag("summary", {}, "Versions, hashes and counts"), rows(run.view.details)));
}

function notices(report) {
  const failed = report.runs.filter((run) => run.status !== "done")
    .map((run) => `${run.label}: ${run.status} at ${seconds(run.duration_us)}${run.reason ? `, ${run.reason}` : ""}. What there is of it is shown.`);
  const more = report.without_details;
  if (more.length) failed.push(`In the curves and the summary only: ${more.join("; ")}.`);
  return failed.map((text) => tag("p", { class: "notice", role: "status" }, text));
}

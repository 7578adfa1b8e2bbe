// The tables of a run: measurements with their limits, its events, its journal.

const SHOWN_VALUES = 4;

function drawMeasurements(root, measurements) {
  const rank = { FAIL: 0, MARGINAL: 1 };
  const worst = (one) => rank[one.outcome] ?? 2;
  const latest = [...new Map(measurements.map((one) => [one.name, one])).values()];
  latest.sort((one, other) => worst(one) - worst(other));
  const heads = ["measurement", "value", "limit", "outcome"].map((name) => el("th", "", t(`ui.detail.${name}`)));
  const rows = latest.map((one) => {
    const name = el("td", "", el("b", "", one.name), el("small", "", one.says));
    const outcome = el("td", "", t(`ui.outcome.${one.outcome}`), el("small", "", one.attempt > 1 ? t("ui.detail.attempt", { n: one.attempt }) : ""));
    return el("tr", `outcome-${one.outcome.toLowerCase()}`, name, valueCell(one), el("td", "", one.limit ?? "–"), outcome);
  });
  root.replaceChildren(rows.length ? el("table", "", el("thead", "", el("tr", "", ...heads)), el("tbody", "", ...rows))
    : el("p", "nothing", t("ui.detail.no_measurements")));
}

function valueCell(one) {
  const cell = el("td", "value");
  const { values, failing, over } = one;
  if (values.length === 1) {
    cell.append(el("b", "", figure(values[0])), ` ${unitOf(one)}`);
    return cell;
  }
  const known = values.filter((value) => value !== null);
  const [low, high] = known.length ? [figure(Math.min(...known)), figure(Math.max(...known))] : ["–", "–"];
  const range = low === high ? low : `${low} … ${high}`;
  cell.append(el("b", "", range), ` ${unitOf(one)}`, el("small", "", `${values.length} × ${knows(`ui.over.${over}`) ? t(`ui.over.${over}`) : over}`));
  if (failing.length) {
    const named = failing.slice(0, SHOWN_VALUES).map((at) => `${at}: ${figure(values[at])}`).join(", ");
    cell.append(el("small", "failing", failing.length > SHOWN_VALUES ? `${named} …` : named));
  }
  return cell;
}

const SIGNS = { celsius: "°C", ohm: "Ω" };

function unitOf(one) {
  return SIGNS[one.unit] ?? one.unit;
}

function figure(value) {
  if (value === null) return "–";
  if (Number.isInteger(value)) return fixed(value);
  const size = Math.abs(value);
  return fixed(value, size >= 100 ? 1 : size >= 1 ? 3 : 5);
}

function drawEvents(root, events) {
  const rows = [...events].reverse().map((one) => el("tr", `event-${one.kind}`,
    el("td", "at", clock(one.at_seconds)), el("td", "", el("b", "", one.kind)), el("td", "", one.text)));
  root.replaceChildren(rows.length ? el("table", "events", el("tbody", "", ...rows)) : el("p", "nothing", t("ui.detail.no_events")));
}

function drawRuns(root, runs, open) {
  const rows = runs.map((run) => {
    const verdict = run.verdict ? t(`ui.verdict.${run.verdict}`) : t("ui.verdict.live");
    const row = el("tr", `verdict-${(run.verdict ?? "live").toLowerCase().replace("_", "-")}`, el("td", "", run.started.slice(0, 16).replace("T", " ")), el("td", "", run.slot),
      el("td", "", el("b", "", verdict)), el("td", "", run.failure_code ?? run.grade ?? ""), el("td", "", run.operator ?? ""));
    row.addEventListener("click", () => open(run.run_id));
    return row;
  });
  root.replaceChildren(rows.length ? el("table", "runs", el("tbody", "", ...rows)) : el("p", "nothing", t("ui.detail.no_runs")));
}

"use strict";
// The filters of the grid. A cell is two characters of base 36: the place of its result; "--" where there is none.
const MOST = 300;
const sections = JSON.parse(document.getElementById("grid").textContent);
const ANY = "(any)";
const filters = new Map();
const order = [];

const note = (name, value) => {
  if (!filters.has(name)) { filters.set(name, []); order.push(name); }
  if (!filters.get(name).includes(value)) filters.get(name).push(value);
};
for (const section of sections) {
  note("system", section.system);
  note("documentation", section.documentation);
  for (const [outcome] of section.results) note("outcome", outcome);
}
for (const section of sections) for (const [name, values] of section.axes) values.forEach((value) => note(name, value));

const form = document.getElementById("filters");
const chosen = new Map();
for (const name of order) {
  const label = document.createElement("label");
  const select = document.createElement("select");
  label.textContent = name;
  for (const value of [ANY, ...filters.get(name)]) select.add(new Option(value, value));
  select.addEventListener("change", () => { chosen.set(name, select.value); show(); });
  label.append(select);
  form.append(label);
}
form.addEventListener("submit", (event) => event.preventDefault());
const wants = (name, value) => { const choice = chosen.get(name) || ANY; return choice === ANY || choice === value; };
const axes = order.filter((name) => !["system", "documentation", "outcome"].includes(name));
const head = document.getElementById("head");
for (const name of ["system", "documentation", ...axes, "outcome", "rules"]) {
  const cell = document.createElement("th");
  cell.textContent = name;
  head.append(cell);
}

const text = (words, kind) => {
  const cell = document.createElement("td");
  cell.textContent = words;
  if (kind) cell.className = kind;
  return cell;
};

const row = (section, values, result) => {
  const line = document.createElement("tr");
  line.append(text(section.system), text(section.documentation));
  for (const name of axes) line.append(text(values.get(name) ?? ""));
  const [outcome, detail, sound, hidden, rules] = result;
  const words = [outcome, detail, sound === false ? "no sound" : "", hidden ? "content hidden" : ""];
  line.append(text(words.filter(Boolean).join(", "), outcome));
  const cell = document.createElement("td");
  rules.forEach((rule, place) => {
    const link = document.createElement("a");
    link.href = "#rule-" + rule;
    link.textContent = rule;
    cell.append(place ? ", " : "", link);
  });
  line.append(cell);
  return line;
};

function show() {
  const counts = new Map();
  const lines = [];
  for (const section of sections) {
    if (!wants("system", section.system) || !wants("documentation", section.documentation)) continue;
    const names = section.axes.map(([name]) => name);
    // A choice on an axis that this platform has not leaves nothing of it.
    if ([...chosen].some(([name, value]) => value !== ANY && axes.includes(name) && !names.includes(name))) continue;
    const places = section.axes.map(() => 0);
    for (let at = 0; at < section.cells.length; at += 2) {
      if (at > 0) for (let axis = places.length - 1; axis >= 0; axis -= 1) {
        places[axis] += 1;
        if (places[axis] < section.axes[axis][1].length) break;
        places[axis] = 0;
      }
      const code = section.cells.slice(at, at + 2);
      if (code === "--") continue;
      const result = section.results[parseInt(code, 36)];
      if (!wants("outcome", result[0])) continue;
      if (!section.axes.every(([name, values], axis) => wants(name, values[places[axis]]))) continue;
      counts.set(result[0], (counts.get(result[0]) ?? 0) + 1);
      if (lines.length < MOST) {
        lines.push(row(section, new Map(section.axes.map(([name, values], axis) => [name, values[places[axis]]])), result));
      }
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const words = [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ");
  const more = total > lines.length ? ` The first ${lines.length} are listed.` : "";
  document.getElementById("counts").textContent = `${total} combinations: ${words || "none"}.${more}`;
  document.getElementById("rows").replaceChildren(...lines);
}
show();

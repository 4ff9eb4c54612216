"use strict";
// Texts of learners become text nodes alone. All numbers come from the server.
const $ = (id) => document.getElementById(id);
const TOTALS = "totals";
let data = { labs: [], totals: [] };
let lab = null; // the one that is shown; null: the totals
let sort = { column: "learner", down: false };
let chosen = null; // a wrong idea, and the places of those who have it
let open = null; // the place of the submission in the dialog

function make(tag, text, ...classes) {
  const made = document.createElement(tag);
  if (text !== undefined && text !== null) made.textContent = text;
  if (classes.length) made.className = classes.join(" ");
  return made;
}

// Text with `code` and *emphasis*, as the feedback pages format it.
function prose(text) {
  const marked = /(`[^`]+`|(?<![\w*])\*[^*\s][^*]*\*(?![\w*]))/;
  return text.split(marked).map((part, place) =>
    place % 2 ? make(part[0] === "*" ? "em" : "code", part.slice(1, -1)) : part,
  );
}

function button(text, act) {
  const made = make("button", text);
  made.type = "button";
  made.addEventListener("click", act);
  return made;
}

async function ask(path, mark) {
  const options = mark && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(mark),
  };
  const answer = await fetch(path, options);
  if (!answer.ok) throw new Error(await answer.text());
  data = await answer.json();
  lab = lab && data.labs.find((each) => each.name === lab.name);
}

function show() {
  const labs = data.labs.map((each) => [each.title, each]);
  if (data.labs.length > 1) labs.push(["Totals", null]);
  $("labs").replaceChildren(
    ...labs.map(([title, each]) => {
      const made = button(title, () => choose(each));
      made.setAttribute("aria-current", each === lab);
      return made;
    }),
  );
  $("labs").hidden = labs.length < 2;
  $("title").textContent = lab ? lab.title : "Totals";
  $("class").hidden = !lab;
  if (lab) showClass();
  showTable();
}

function choose(each) {
  lab = each;
  chosen = null;
  sort = { column: "learner", down: false };
  if (lab) {
    const most = [...lab.exercises].sort((one, other) => other.wrong - one.wrong)[0];
    $("exercise").replaceChildren(
      ...lab.exercises.map((each) => {
        const made = make("option", `${each.key} ${each.title} (${each.wrong} wrong)`);
        made.value = each.key;
        return made;
      }),
    );
    $("exercise").value = most ? most.key : "";
  }
  show();
}

function showClass() {
  const count = new Map();
  for (const row of lab.rows) count.set(row.status, (count.get(row.status) || 0) + 1);
  const said = [...count].map(([status, number]) => `${number} ${status}`).join(", ");
  const waiting = lab.rows.filter((row) => row.waits).length;
  $("counts").textContent = `${lab.rows.length} submissions: ${said}. ${waiting} wait for you.`;
  const highest = Math.max(1, ...lab.bins.map((bin) => bin.learners));
  const bars = make("div", null, "column");
  bars.setAttribute("role", "img");
  bars.setAttribute(
    "aria-label",
    lab.bins.map((bin) => `${bin.label} points: ${bin.learners} learners`).join("; "),
  );
  for (const bin of lab.bins) {
    const column = make("div", String(bin.learners || ""));
    const bar = make("span");
    bar.style.height = `${(60 * bin.learners) / highest}%`; // the rest is for the words
    column.append(bar, make("small", bin.label));
    bars.append(column);
  }
  $("points").replaceChildren(bars);
  $("help").replaceChildren(
    ...lab.help.map((each) => {
      const item = make("li");
      const row = lab.rows.find((row) => row.place === each.place);
      item.append(button(name(row), () => detail(row.place)));
      const wrong = each.wrong.length ? `; wrong: ${each.wrong.join(", ")}` : "";
      const left = each.untouched.length ? `; untouched: ${each.untouched.join(", ")}` : "";
      item.append(` ${each.points} of ${lab.most}${wrong}${left}`);
      return item;
    }),
  );
  showIdeas();
}

function showIdeas() {
  const own = lab.ideas.filter((idea) => idea.key === $("exercise").value);
  $("ideas").replaceChildren(
    ...own.map((idea) => {
      const row = make("tr");
      const said = make("td");
      if (!idea.known) said.append(make("span", "New: ", "new"));
      said.append(...prose(idea.said));
      if (idea.came) said.append(" ", make("code", idea.came));
      const who = make("td");
      who.append(
        button("show them", () => {
          chosen = { said: idea.said, places: new Set(idea.places) };
          showTable();
          $("heading").scrollIntoView();
        }),
      );
      const share = Math.round((100 * idea.places.length) / idea.tried);
      row.append(make("td", idea.places.length), make("td", `${share} %`), said, who);
      return row;
    }),
  );
  if (!own.length) {
    const none = make("td", "No wrong answer.");
    none.colSpan = 4;
    const row = make("tr");
    row.append(none);
    $("ideas").replaceChildren(row);
  }
}

const name = (row) => row.learner || row.place;

// name, value to sort by, text to show, classes
function columns() {
  if (!lab) {
    return [
      ["learner", (row) => row.learner, (row) => row.learner, () => "text"],
      ...data.labs.map((each) => [
        each.title,
        (row) => row.points[each.name],
        (row) => row.points[each.name],
        () => "",
      ]),
      ["total", (row) => row.sum, (row) => row.sum, () => ""],
      ["waits for you", (row) => row.waiting.length, (row) => row.waiting.join("; "), () => "text waits"],
    ];
  }
  const points = (key) => (row) => (row.marks[key] ? row.marks[key].points : null);
  return [
    ["learner", name, name, () => "text"],
    ["status", (row) => row.status, (row) => row.status, (row) => (row.status === "ok" ? "text" : "text unjudged")],
    [`of ${lab.most}`, (row) => row.points, (row) => row.points, () => ""],
    ...lab.exercises.map(({ key }) => [
      key,
      points(key),
      (row) => {
        const given = points(key)(row);
        return given === null ? "?" : given;
      },
      (row) => {
        const mark = row.marks[key];
        if (!mark || mark.points === null) return "unjudged";
        return mark.points === mark.most ? "full" : mark.points === 0 ? "none" : "";
      },
    ]),
    [
      "conclusion",
      (row) => row.conclusion_points,
      (row) => (row.conclusion_points !== null ? row.conclusion_points : row.conclusion ? "to be marked" : ""),
      () => "waits",
    ],
    ["notes", (row) => row.notes.length, (row) => row.notes.join("; "), () => "text"],
  ];
}

function showTable() {
  const all = columns();
  $("columns").replaceChildren(
    ...all.map(([title]) => {
      const head = make("th");
      head.scope = "col";
      const mine = sort.column === title;
      if (mine) head.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      head.append(
        button(title + (mine ? (sort.down ? " ▾" : " ▴") : ""), () => {
          sort = { column: title, down: mine && !sort.down };
          showTable();
        }),
      );
      return head;
    }),
  );
  const words = $("words").value.trim().toLowerCase();
  let rows = lab ? lab.rows : data.totals;
  if ($("waits").checked) rows = rows.filter((row) => (lab ? row.waits : row.waiting.length));
  if (lab && chosen) rows = rows.filter((row) => chosen.places.has(row.place));
  if (words)
    rows = rows.filter((row) =>
      [row.learner, row.place, row.status, ...(row.notes || row.waiting)].join(" ").toLowerCase().includes(words),
    );
  const value = (all.find(([title]) => title === sort.column) || all[0])[1];
  rows = [...rows].sort((one, other) => compare(value(one), value(other)) * (sort.down ? -1 : 1));
  $("rows").replaceChildren(
    ...rows.map((row) => {
      const line = make("tr");
      all.forEach(([, , text, classes], place) => {
        const cell = make(place ? "td" : "th");
        if (!place) cell.scope = "row";
        cell.className = classes(row);
        if (!place && lab) cell.append(button(text(row), () => detail(row.place)));
        else cell.textContent = text(row) ?? "";
        line.append(cell);
      });
      return line;
    }),
  );
  $("heading").textContent = `Learners (${rows.length})`;
  $("chosen").replaceChildren();
  if (lab && chosen) {
    const all = button("show all", () => ((chosen = null), showTable()));
    $("chosen").append("with “", ...prose(chosen.said), "” ", all);
  }
}

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  if (one === null || one === undefined) return other === null || other === undefined ? 0 : -1;
  if (other === null || other === undefined) return 1;
  return String(one).localeCompare(String(other), undefined, { numeric: true });
}

function detail(place) {
  open = place;
  const row = lab.rows.find((each) => each.place === place);
  $("who").textContent = `${name(row)}: ${row.points === null ? "not judged" : row.points} of ${lab.most}`;
  $("wrong").textContent = "";
  const parts = [];
  if (row.notes.length) {
    const notes = make("ul");
    notes.append(...row.notes.map((note) => make("li", note)));
    parts.push(notes);
  }
  if (row.status !== "ok") parts.push(form(row, "settled", `${row.status}: settle it`, null, null, ""));
  if (lab.rubric.length && row.conclusion) {
    const asked = make("ul");
    asked.append(...lab.rubric.map((each) => make("li", each)));
    parts.push(make("h3", "The conclusion"), make("pre", row.conclusion), asked);
    parts.push(
      form(row, "conclusion", "conclusion", row.conclusion_points, lab.rubric.length, row.conclusion_comment),
    );
  }
  parts.push(make("h3", "Exercises"));
  for (const { key } of lab.exercises) {
    const mark = row.marks[key];
    if (mark) parts.push(form(row, key, `${key} (${mark.status})`, mark.points, mark.most, ""));
  }
  $("marks").replaceChildren(...parts);
  $("feedback").src = `feedback/${lab.name}/${encodeURIComponent(row.page)}`;
  if (!$("detail").open) $("detail").showModal();
}

function form(row, exercise, title, points, most, comment) {
  const made = make("form");
  const given = make("input");
  const words = make("input");
  given.type = "number";
  given.min = 0;
  given.max = most;
  given.step = "any";
  given.value = points ?? "";
  given.setAttribute("aria-label", `points for ${exercise}`);
  words.value = comment;
  words.placeholder = "a comment for the learner";
  words.setAttribute("aria-label", `comment on ${exercise}`);
  const number = make("span");
  if (most !== null) number.append(given, ` of ${most}`);
  const send = make("button", exercise === "settled" ? "Settle" : "Save");
  made.append(make("span", title), number, words, send);
  made.addEventListener("submit", async (event) => {
    event.preventDefault();
    const changed = exercise === "conclusion" || given.value !== String(points ?? "");
    const mark = { lab: lab.name, place: row.place, exercise, comment: words.value };
    try {
      await ask("mark", { ...mark, points: changed && most !== null ? given.value : "" });
      show();
      detail(row.place);
    } catch (error) {
      $("wrong").textContent = error.message;
    }
  });
  return made;
}

$("next").addEventListener("click", () => {
  const left = lab.rows.filter((row) => row.waits && row.place !== open);
  const after = lab.rows.findIndex((row) => row.place === open);
  const next = left.find((row) => lab.rows.indexOf(row) > after) || left[0];
  if (next) detail(next.place);
  else $("wrong").textContent = "Nothing else waits for you.";
});
$("exercise").addEventListener("change", showIdeas);
$("filter").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["words", "waits"]) $(id).addEventListener("input", showTable);
ask("data").then(
  () => choose(data.labs[0]),
  (error) => ($("problem").textContent = error.message),
);

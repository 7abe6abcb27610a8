// The page asks for what is new every two seconds while somebody looks at it.

const EVERY_MS = 2_000;
const PATIENCE_MS = 15_000;
const zone = { timeZone: "Asia/Shanghai", hour12: false };
const clockOf = new Intl.DateTimeFormat("zh-CN", { ...zone, timeStyle: "medium" });
const dayAndClockOf = new Intl.DateTimeFormat("sv-SE", { ...zone, dateStyle: "short", timeStyle: "medium" });
const whole = new Intl.NumberFormat("en-US");
const tenths = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const hundredths = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const yuan = new Intl.NumberFormat("en-US", { style: "currency", currency: "CNY", currencyDisplay: "narrowSymbol" });

const MARKS = {
  refused: "未受理 Refused",
  alarm: "告警：后续动作未受理 Alarm: a follow-on was refused",
  unread: "报文无法识别 A message that cannot be read",
  no_interaction: "其他程序的记录 An entry of another program",
  founding: "建账 Founding",
};

let kpi = null;
let now = null;
let heardAt = null;
let timer = null;
let asking = false;
const seen = new Set();
const opened = new Set();

const at = (id) => document.getElementById(id);
const chosen = (name) => document.querySelector(`input[name="${name}"]:checked`).value;

// Making elements: text is only ever text.

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const en = (text) => make("span", { lang: "en" }, text);
const unseen = (text) => make("span", { class: "unseen" }, text);

/** Replaces what is inside; the keyboard's focus and the place scrolled to stay. */
function replace(parent, children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : "";
  const top = parent.scrollTop;
  parent.replaceChildren(...children);
  parent.scrollTop = top;
  if (focused) at(focused)?.focus({ preventScroll: true });
}

// Key figures

function amount(value, unit) {
  if (unit.startsWith("fen")) return yuan.format(value / 100) + unit.slice("fen".length);
  if (unit === "n") return whole.format(value);
  if (unit === "s" || unit === "lines") return `${whole.format(Math.round(value))} ${unit}`;
  return `${(unit === "h" ? hundredths : tenths).format(value)} ${unit}`;
}

function sign(direction) {
  return direction.startsWith("lower") ? "≤" : "≥";
}

function headOf(halls) {
  const target = make("th", { scope: "col", class: "number" }, "目标 ", en("Target"));
  const name = make("th", { scope: "col" }, "指标 ", en("Figure"));
  const columns = halls.map(({ hall, name: named }) =>
    make("th", { scope: "col", class: "number" }, named, make("small", {}, hall)));
  return make("tr", {}, name, ...columns, target);
}

function nameOf(figure) {
  return make("th", { scope: "row" }, make("button", {
    type: "button",
    class: "name",
    id: `about-${figure.k}`,
    title: figure.formula,
    "aria-expanded": String(opened.has(figure.k)),
    "aria-controls": `more-${figure.k}`,
    onclick: () => toggle(figure.k),
  }, make("span", { class: "k" }, figure.k), figure.name_zh, " ",
  make("span", { lang: "en", class: "line" }, figure.name)));
}

function moreOf(figure, columns) {
  const facts = [
    ["公式 Formula", figure.formula],
    ["粒度 Grain", figure.grain],
    ["方向 Direction", figure.direction],
    ["目标依据 Source of the target", figure.target_source],
  ].filter(([, said]) => said).flatMap(([word, said]) =>
    [make("dt", {}, word), make("dd", { lang: "en" }, said)]);
  const row = make("tr", { id: `more-${figure.k}`, class: "more" },
    make("td", { colspan: String(columns) }, make("dl", {}, ...facts)));
  row.hidden = !opened.has(figure.k);
  return row;
}

function toggle(k) {
  if (!opened.delete(k)) opened.add(k);
  at(`about-${k}`).setAttribute("aria-expanded", String(opened.has(k)));
  at(`more-${k}`).hidden = !opened.has(k);
}

function cellOf(kind, figure, { hall, name }, newest, span) {
  const cell = make("td", { class: "number" });
  if (!figure || figure.value === null) {
    cell.classList.add("none");
    cell.append(...(figure?.split ? ["分人统计 ", en("by clerk")] : ["无数据 ", en("no data")]));
    return cell;
  }
  const text = amount(figure.value, kind.unit);
  if (figure.met !== null) {
    cell.classList.add(figure.met ? "met" : "missed");
    cell.append(make("span", { "aria-hidden": "true" }, figure.met ? "✓ " : "✗ "));
  }
  if (span === "day" && hall) {
    cell.append(make("button", {
      type: "button",
      class: "figure",
      id: `figure-${kind.k}-${hall}`,
      title: `${figure.begins_on} ${name}：查看当日入账 What was recorded that day`,
      onclick: () => showBehind(hall, name, figure.begins_on),
    }, text));
  } else {
    cell.append(text);
  }
  if (figure.met !== null) cell.append(unseen(figure.met ? " 达标 met" : " 未达标 not met"));
  if (figure.begins_on !== newest) cell.append(make("small", {}, figure.begins_on));
  return cell;
}

function hallsOf(figures, span) {
  const named = new Map(kpi.halls.map((each) => [each.hall, each.name]));
  const held = new Set(kpi.halls.map((each) => each.hall));
  for (const figure of figures) for (const each of figure[span]) held.add(each.hall);
  return [...held].sort().map((hall) => ({ hall, name: named.get(hall) ?? (hall || "全部 All") }));
}

function showFigures() {
  const span = chosen("span");
  const figures = kpi.figures;
  const halls = hallsOf(figures, span);
  const newest = figures.flatMap((figure) => figure[span].map((each) => each.begins_on))
    .reduce((latest, each) => (each > latest ? each : latest), "");
  const rows = figures.flatMap((figure) => {
    const byHall = new Map(figure[span].map((each) => [each.hall, each]));
    const target = figure.target === null
      ? "" : `${sign(figure.direction)} ${amount(figure.target, figure.unit)}`;
    const row = make("tr", {}, nameOf(figure),
      ...halls.map((each) => cellOf(figure, byHall.get(each.hall), each, newest, span)),
      make("td", { class: "number target" }, target));
    return [row, moreOf(figure, halls.length + 2)];
  });
  const when = span === "day" ? newest : newest.slice(0, 7);
  at("figures-caption").textContent = figures.length
    ? `${when}  ✓ 达标 met  ✗ 未达标 not met` : "数据表尚在生成 The tables are being made";
  replace(document.querySelector("#figures thead"), figures.length ? [headOf(halls)] : []);
  replace(document.querySelector("#figures tbody"), rows);
}

// Entries

function entryOf(entry, prefix) {
  const id = `${prefix}-${entry.partition}-${entry.position}`;
  const zh = make("p", { class: "zh" });
  if (entry.mark !== "recorded") {
    const rule = entry.rule ? ` ${entry.rule}` : "";
    zh.append(make("span", { class: "mark" }, (MARKS[entry.mark] ?? entry.mark) + rule));
  }
  zh.append(entry.sentence_zh || entry.type || "");
  const detail = entry.detail === entry.sentence ? null : entry.detail;
  const english = [entry.sentence, detail].filter(Boolean).join(" — ");
  const moment = new Date(entry.happened_at ?? entry.recorded_at);
  const where = [entry.hall, entry.counter].filter(Boolean).join(" ");
  const who = entry.approver ? `${entry.actor} + ${entry.approver}` : entry.actor;
  const place = make("a", {
    id,
    href: `/entries/${entry.partition}/${entry.position}`,
    target: "_blank",
    rel: "noreferrer",
    title: "账本中的原始记录 The record as the log holds it",
  }, `${entry.partition}:${entry.position}`);
  const type = entry.rule ? entry.type : null;
  const about = [clockOf.format(moment), where, who, type].filter(Boolean).join(" · ");
  return make("li", { class: entry.mark }, zh,
    english ? make("p", { class: "en", lang: "en" }, english) : null,
    make("p", { class: "about", title: [entry.type, entry.owner].filter(Boolean).join(" · ") },
      `${about} · `, ownerOf(entry), place));
}

/** A customer, cut short: it is told apart by its first letters. Of a hall, the hall says it. */
function ownerOf({ owner }) {
  if (!owner?.startsWith("customer/")) return "";
  return `${owner.length > 19 ? `${owner.slice(0, 18)}…` : owner} · `;
}

function showEntries() {
  const entries = now[chosen("which")];
  const first = seen.size === 0;
  const items = entries.map((entry) => {
    const item = entryOf(entry, "entry");
    const key = `${entry.partition}:${entry.position}`;
    if (!first && !seen.has(key)) item.classList.add("fresh");
    return item;
  });
  seen.clear();
  for (const entry of [...now.entries, ...now.refusals]) {
    seen.add(`${entry.partition}:${entry.position}`);
  }
  if (!items.length) items.push(make("li", { class: "empty" }, "暂无 ", en("Nothing yet")));
  replace(at("entries"), items);
}

async function showBehind(hall, name, day) {
  const dialog = at("behind");
  at("behind-title").replaceChildren(`${name} ${hall} · ${day}`);
  at("behind-said").textContent = "正在读取 Reading…";
  at("behind-entries").replaceChildren();
  dialog.showModal();
  try {
    const found = await ask(`/days/${encodeURIComponent(hall)}/${day}`);
    const shown = found.entries.length;
    at("behind-said").textContent =
      `当日共 ${whole.format(found.count)} 条入账，显示最新 ${whole.format(shown)} 条 ` +
      `${whole.format(found.count)} entries of that day, the newest ${whole.format(shown)} shown`;
    at("behind-entries").replaceChildren(...found.entries.map((each) => entryOf(each, "behind")));
  } catch (error) {
    at("behind-said").textContent = `无法读取 It cannot be read: ${error.message}`;
  }
}

// How fresh

function showFreshness() {
  const { fresh } = now;
  at("simulated").hidden = !now.simulated;
  at("operator").textContent = now.operator;
  at("ledger").textContent = now.ledger;
  document.title = `${now.simulated ? "SIMULATED · " : ""}${now.operator} · 账本 Ledger`;
  const reached = fresh.recorded_at
    ? dayAndClockOf.format(new Date(fresh.recorded_at)) : "—";
  at("fresh").replaceChildren(
    "截至 ", en("as of "), make("strong", {}, reached),
    " · 第 ", make("strong", {}, whole.format(fresh.projected)), " 条，共 ", en("of "),
    make("strong", {}, whole.format(fresh.position)),
    " · 落后 ", en("behind "), make("strong", {}, whole.format(fresh.lag)));
  const rows = now.partitions.map((each) => make("tr", {},
    make("th", { scope: "row" }, String(each.partition)),
    make("td", { class: "number" }, whole.format(each.position)),
    make("td", { class: "number" }, whole.format(each.projected)),
    make("td", { class: "number" }, whole.format(each.lag)),
    make("td", {}, each.recorded_at ? dayAndClockOf.format(new Date(each.recorded_at)) : "—")));
  replace(document.querySelector("#partitions tbody"), rows);
}

function showTrouble(error) {
  const said = [];
  if (error) {
    const last = heardAt ? `，上次应答 last heard ${clockOf.format(heardAt)}` : "";
    said.push(error.status
      ? `账本无法显示 The ledger cannot show it: ${error.message}`
      : `账本服务无应答 The ledger does not answer${last}`);
  } else if (now) {
    if (!now.recording) said.push("账本暂停入账 The ledger records nothing at this moment");
    if (!now.projecting) said.push("数据表未更新 The tables stand still: no projector runs");
    for (const each of now.standing) said.push(`数据表停滞 Of the tables, ${each}`);
  }
  const text = said.join(" · ");
  const banner = at("trouble");
  if (banner.textContent !== text) banner.textContent = text;
  banner.hidden = !text;
}

// Asking

async function ask(path) {
  const answer = await fetch(path, {
    headers: { accept: "application/json", "accept-language": "zh, en;q=0.5" },
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (answer.ok) return answer.json();
  const said = await answer.json().catch(() => ({}));
  const error = new Error(said.detail ?? said.title ?? answer.statusText);
  error.status = answer.status;
  throw error;
}

async function refresh() {
  if (asking || document.hidden) return;
  asking = true;
  clearTimeout(timer);
  try {
    const before = now?.fresh.tables;
    now = await ask("/now");
    heardAt = new Date();
    showFreshness();
    if (before !== now.fresh.tables || !seen.size) showEntries();
    if (!kpi || kpi.fresh.tables !== now.fresh.tables) {
      const tables = kpi?.fresh.tables;
      kpi = await ask("/kpi");
      if (tables === undefined || tables !== kpi.fresh.tables) showFigures();
    }
    showTrouble(null);
  } catch (error) {
    showTrouble(error);
  } finally {
    asking = false;
    if (!document.hidden) timer = setTimeout(refresh, EVERY_MS);
  }
}

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) refresh();
});
for (const input of document.querySelectorAll('input[name="span"]')) {
  input.addEventListener("change", () => kpi && showFigures());
}
for (const input of document.querySelectorAll('input[name="which"]')) {
  input.addEventListener("change", () => now && showEntries());
}
refresh();

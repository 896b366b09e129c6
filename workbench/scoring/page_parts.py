"""Style and script of the service's page; a browser runs them by their hashes alone."""

STYLE = """
:root{color-scheme:light dark;--bg:#fff;--raised:#f6f7f9;--line:#e1e4e9;--ink:#1b1f26;--soft:#525b69;
--faint:#626b78;--accent:#2563c9;--on:#fff;--tint:#cfdff8;--up:#c8324f;--down:#2570c9;--alarm:#c02232;
--warning:#9a5b00}@media (prefers-color-scheme:dark){:root{--bg:#14171c;--raised:#1d2128;--line:#313742;
--ink:#e8eaee;--soft:#b0b8c4;--faint:#8e97a5;--accent:#74a8ff;--on:#101318;--tint:#2a4268;--up:#ff7a92;
--down:#6cb0ff;--alarm:#ff7480;--warning:#f0b049}}*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);
font:14px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
main{max-width:1000px;margin:0 auto;padding:28px 20px 60px}h1{font-size:24px;line-height:1.25;margin:2px 0 6px;
overflow-wrap:anywhere}h1 span{font-weight:400;color:var(--soft);font-size:16px}
h2{font-size:17px;margin:0 0 4px}p{margin:4px 0}a{color:var(--accent)}
section{margin-top:34px}.soft{color:var(--soft)}.noun{font-size:11px;letter-spacing:.07em;
text-transform:uppercase;color:var(--faint);font-weight:600}strong,.field label,.note{overflow-wrap:anywhere}
code,pre,textarea{font:12.5px/1.55 ui-monospace,"DejaVu Sans Mono",monospace}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:1px;
border:1px solid var(--line);border-radius:8px;overflow:hidden;margin:14px 0 6px}
.tiles div{box-shadow:0 0 0 1px var(--line);padding:9px 13px}dt{font-size:11px;color:var(--faint)}
dd{margin:0;font-size:19px;font-weight:650;font-variant-numeric:tabular-nums}
dd small{display:block;font-size:11px;font-weight:400;color:var(--soft)}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(220px,100%),1fr));gap:14px 18px;
margin:14px 0}.wide{grid-column:1/-1}.field{min-width:0}label{font-weight:600;display:block;margin-bottom:3px}
label small{font-weight:400;color:var(--soft)}input,select,textarea,button{font-size:14px;color:var(--ink);
background:var(--bg);border:1px solid var(--faint);border-radius:6px;padding:6px 9px;min-height:36px;
max-width:100%}input,select,button{font-family:inherit}.field input,.field select,textarea{width:100%}
.note{font-size:12px;color:var(--faint);margin:2px 0 0}[aria-invalid=true]{border-color:var(--alarm);
border-width:2px}.wrong{color:var(--alarm);font-weight:600}button{background:var(--accent);
border-color:var(--accent);color:var(--on);font-weight:600;padding:6px 18px;cursor:pointer}
button.plain{background:none;color:var(--accent);font-weight:400}
button[disabled]{opacity:.6;cursor:progress}:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.go{display:flex;gap:10px;flex-wrap:wrap}.key{display:flex;flex-wrap:wrap;gap:6px 10px;align-items:center;
padding:12px 14px;background:var(--raised);border-radius:8px}
.key label{margin:0}.key input{flex:1 1 200px}.key p{flex-basis:100%;font-size:12px}
#answer{scroll-margin-top:12px}#answer:not(:empty){margin-top:16px;padding:14px 18px 16px;
border:1px solid var(--line);border-left:4px solid var(--accent);border-radius:8px;outline-offset:2px}
#answer.bad{border-left-color:var(--alarm)}#answer details{margin-top:14px}#answer h3{font-size:13px;margin:16px 0 4px}
.said{font-size:22px;font-weight:650;overflow-wrap:anywhere;margin:0}
.said small{display:inline-block;font-size:14px;font-weight:400;color:var(--soft)}
.bars{display:grid;grid-template-columns:minmax(60px,max-content) minmax(80px,1fr) max-content;gap:5px 12px;
align-items:center;margin:0;list-style:none;padding:0}.bars li{display:contents}
.bars b{font-weight:500;overflow-wrap:anywhere;max-width:230px}
.bars i{font-style:normal;font-variant-numeric:tabular-nums;text-align:right}
.bars svg{width:100%;height:16px;display:block}.bars em{font-style:normal;color:var(--faint)}
.back{fill:var(--raised)}.fill{fill:var(--accent)}.up{fill:var(--up)}
.down{fill:var(--down)}.zero{fill:var(--faint)}.tick{fill:var(--ink)}
.flag{display:inline-block;border:1px solid var(--warning);color:var(--warning);border-radius:999px;
padding:1px 10px;margin:2px 6px 2px 0;font-size:12px;overflow-wrap:anywhere}
details{border-top:1px solid var(--line);padding:8px 0}summary{cursor:pointer;font-weight:600;
color:var(--accent)}.code{position:relative}.code .copy{position:absolute;top:6px;right:6px;
background:var(--raised);min-height:28px;padding:1px 10px;font-size:12px}
pre{background:var(--raised);border:1px solid var(--line);border-radius:8px;padding:12px 14px;overflow-x:auto;
margin:8px 0 4px;max-height:420px}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;
font-size:13px}th,td{text-align:left;padding:5px 14px 5px 0;border-top:1px solid var(--line);vertical-align:top}
th{color:var(--faint);font-weight:600;border:0}td code{white-space:nowrap}
@media (max-width:560px){.code pre{padding-top:40px}
main{padding:18px 14px 40px}.bars{grid-template-columns:1fr max-content}
.bars b{max-width:none}.bars svg{grid-row:auto;grid-column:1/-1;order:1}
.bars li{display:grid;grid-template-columns:1fr max-content;grid-column:1/-1}
.bars li svg{grid-row:2}}@media print{form,.key,.copy{display:none}
}
"""

SCRIPT = r"""
"use strict";
let key = "";
const $ = (id) => document.getElementById(id);
const data = () => JSON.parse($("data").textContent);
const make = (name, text, kind) => {
  const one = document.createElement(name);
  if (text !== undefined) one.textContent = visible(text);
  if (kind) one.className = kind;
  return one;
};
const escaped = (c) => "\\u" + c.codePointAt(0).toString(16).padStart(4, "0");
const visible = (text) => String(text).replace(/[\p{C}\u2028\u2029]/gu, escaped);
const rounded = (v) => Number(v.toPrecision(4)).toLocaleString("en", {maximumFractionDigits: 12});
const digits = (v) => (typeof v === "number" ? rounded(v) : visible(v));
const svg = (parts) => {
  const of = "http://www.w3.org/2000/svg", drawn = document.createElementNS(of, "svg");
  drawn.setAttribute("viewBox", "0 0 100 16");
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.setAttribute("aria-hidden", "true");
  for (const [kind, x, width] of parts) {
    const bar = document.createElementNS(of, "rect");
    const place = {class: kind, x, width, y: kind === "zero" ? 0 : 2, height: kind === "zero" ? 16 : 12};
    for (const [name, value] of Object.entries(place)) bar.setAttribute(name, value);
    drawn.append(bar);
  }
  return drawn;
};
const bars = (lines) => {
  const list = make("ul", undefined, "bars");
  for (const [name, value, parts, said] of lines) {
    const line = make("li"), label = make("b", name);
    if (value !== undefined) label.append(" ", make("em", value === null ? "(missing)" : "= " + digits(value)));
    line.append(label, svg(parts), make("i", said));
    list.append(line);
  }
  return list;
};
const percent = (p) => (100 * p).toFixed(p > 0.9995 || p < 0.0005 ? 2 : 1) + "%";
function row() {
  if ($("row")) return JSON.parse($("row").value);
  const members = data().columns.map((column, i) => {
    const text = $("c" + i).value;
    if (text === "") return [column.name, null];
    if (column.kind === "boolean") return [column.name, text === "0"];
    if (column.choices) return [column.name, column.choices[text]];
    const number = column.kind === "number" || column.kind === "integer";
    return [column.name, number ? Number(text) : text];
  });
  return Object.fromEntries(members);
}
function tell(answer) {
  const place = $("answer"), {classes, threshold} = data(), p = answer.prediction;
  place.className = "";
  const said = make("p", digits(answer.answer), "said");
  const add = (text) => said.append(" ", make("small", text));
  if (answer.probability !== null) add("with a probability of " + percent(answer.probability));
  if (answer.low !== undefined) add("nine of ten lie from " + digits(answer.low) + " to " + digits(answer.high));
  const parts = [said];
  if (classes.length) {
    const shares = Array.isArray(p) ? p : [1 - p, p];
    const ranked = classes.map((c, i) => [c, shares[i]]).sort((a, b) => b[1] - a[1]).slice(0, 8);
    parts.push(make("h3", classes.length > 8 ? "Likeliest classes" : "Probabilities"));
    if (classes.length === 2 && threshold !== null && Math.abs(threshold - 0.5) > 0.0005)
      add("(" + visible(classes[1]) + " is answered from " + percent(threshold) + " on)");
    parts.push(bars(ranked.map(([c, s]) => [c, undefined, [["back", 0, 100], ["fill", 0, 100 * s]], percent(s)])));
  }
  if (answer.reasons.length) {
    const most = Math.max(...answer.reasons.map((r) => Math.abs(r.added)));
    parts.push(make("h3", "Why: what each column added"));
    parts.push(bars(answer.reasons.map((r) => {
      const half = 50 * Math.abs(r.added) / most, up = r.added > 0;
      const bar = up ? ["up", 50, half] : ["down", 50 - half, half];
      const said = (up ? "+" : "\u2212") + digits(Math.abs(r.added));
      return [r.column, r.value, [["back", 0, 100], bar, ["zero", 49.8, 0.4]], said];
    })));
  }
  if (answer.flags.length) {
    parts.push(make("h3", "Unusual"));
    parts.push(...answer.flags.map((f) => make("span", f, "flag")));
  }
  const more = make("details"), raw = make("pre");
  raw.textContent = JSON.stringify(answer, null, 1);
  raw.tabIndex = 0;
  more.append(make("summary", "The answer as JSON"), raw);
  place.replaceChildren(...parts, more);
}
function refuse(told, names) {
  const place = $("answer"), problems = told.problems || [];
  place.className = "bad";
  const list = make("ul");
  for (const one of problems) {
    const i = names.indexOf(one.field), text = one.field + ": expected " + one.expected + ", got " + one.got;
    if (i >= 0 && $("c" + i)) $("c" + i).setAttribute("aria-invalid", "true");
    list.append(make("li", text));
  }
  const sentence = make("p", told.error || "The service gave no reason.", "wrong");
  place.replaceChildren(sentence, ...(problems.length ? [list] : []));
}
async function ask(form) {
  const send = form.querySelector("[type=submit]");
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  send.disabled = true;
  try {
    const {columns, reasons} = data(), headers = {"Content-Type": "application/json"};
    if (key) headers["X-API-Key"] = key;
    const sent = {method: "POST", headers, body: JSON.stringify(row())};
    const response = await fetch("predict?reasons=" + reasons, sent);
    const told = await response.json();
    if (response.ok) tell(told);
    else refuse(told, columns.map((c) => c.name));
  } catch (error) {
    const none = "No answer came. Is the service still running?";
    refuse({error: error instanceof SyntaxError ? "The row is not JSON. Correct it." : none}, []);
  }
  send.disabled = false;
  $("answer").focus({preventScroll: true});
  $("answer").scrollIntoView({block: "nearest"});
}
async function open() {
  const typed = $("key").value.trim(), said = $("key-said");
  try {
    const response = await fetch("docs", {headers: {"X-API-Key": typed}});
    if (!response.ok) {
      said.textContent = (await response.json()).error;
      return;
    }
    key = typed;
    const whole = new DOMParser().parseFromString(await response.text(), "text/html");
    $("page").replaceWith(document.adoptNode(whole.getElementById("page")));
    $("key").value = key;
    $("key-said").textContent = "The key is in use.";
  } catch (error) {
    said.textContent = "No answer came, or the key has signs that no key has.";
  }
}
document.addEventListener("submit", (event) => {
  event.preventDefault();
  ask(event.target);
});
document.addEventListener("reset", () => $("answer").replaceChildren());
document.addEventListener("keydown", (event) => {
  if (event.target.id === "key" && event.key === "Enter") open();
});
document.addEventListener("click", async (event) => {
  const one = event.target;
  if (one.id === "open") open();
  if (!one.classList.contains("copy")) return;
  const code = one.parentElement.querySelector("code");
  try {
    await navigator.clipboard.writeText(code.textContent);
    one.textContent = "Copied";
  } catch (error) {
    getSelection().selectAllChildren(code);
    one.textContent = "Selected";
  }
  setTimeout(() => (one.textContent = "Copy"), 1500);
});
"""

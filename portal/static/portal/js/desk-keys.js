// The desk by keyboard.
//
// Bindings live in the page: data-key="r" on a link, button, field, <summary> or dialog opener.
// data-key-label puts a key on the help page. Built in are j, k and Enter over [data-row] links.
// A letter works only outside fields; Escape leaves a field.
let cursor = null; // id of the row the keys stand on, kept over refreshes of the list

function rows() {
  return [...document.querySelectorAll("[data-row]")];
}

function boxOf(row) {
  return row.closest(".trow") ?? row.closest("[id]") ?? row;
}

function standOn(row) {
  for (const box of document.querySelectorAll("[data-cursor]")) delete box.dataset.cursor;
  const box = boxOf(row);
  box.dataset.cursor = "yes";
  cursor = box.id;
  row.focus({ preventScroll: true });
  box.scrollIntoView({ block: "nearest" });
}

function place() {
  const all = rows();
  const here = all.findIndex((row) => boxOf(row).id === cursor);
  return here >= 0 ? here : all.findIndex((row) => row.getAttribute("aria-current"));
}

function move(step) {
  const all = rows();
  if (!all.length) return;
  const here = place();
  const next = here < 0 ? 0 : Math.min(all.length - 1, Math.max(0, here + step));
  standOn(all[next]);
}

function typing(target) {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

function shown(element) {
  return element.checkVisibility?.({ visibilityProperty: true }) ?? true;
}

function press(element) {
  if (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && !/^(radio|checkbox|submit|button)$/.test(element.type)) {
    element.focus();
    element.select?.();
    return;
  }
  element.click();
  if (element.dataset.keyFocus) document.querySelector(element.dataset.keyFocus)?.focus();
  else if (element.tagName === "SUMMARY") element.focus();
}

// Escape goes one step out: from a field to the page, from the ticket to its row or its list.
function leave(target) {
  const back = document.querySelector(".desk-back");
  if (inTheWay) return;
  if (typing(target)) target.blur();
  else if (back && shown(back)) back.click();
  else if (rows()[place()]) standOn(rows()[place()]);
}

// What Escape closes is looked for before anybody else has closed it.
let inTheWay = false;
document.addEventListener(
  "keydown",
  () => (inTheWay = document.querySelector("dialog[open], details.menu[open]") !== null),
  true,
);

function bound(name) {
  const dialog = document.querySelector("dialog[open]");
  return [...(dialog ?? document).querySelectorAll(`[data-key="${CSS.escape(name)}"]`)].find(shown);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Escape") {
    leave(event.target);
    return;
  }
  const mod = event.ctrlKey || event.metaKey;
  const name = mod ? `mod+${event.key.toLowerCase()}` : event.key;
  if (event.altKey || (typing(event.target) && !mod)) return;
  const element = bound(name);
  if (element) {
    event.preventDefault();
    press(element);
    return;
  }
  if (mod || document.querySelector("dialog[open]")) return;
  if (name === "j" || name === "k") {
    event.preventDefault();
    move(name === "j" ? 1 : -1);
  }
});

// The help page lists what this page binds, in the order it stands there.
function fillHelp(list) {
  list.querySelectorAll("[data-from-page]").forEach((line) => line.remove());
  const seen = new Set();
  for (const element of document.querySelectorAll("[data-key][data-key-label]")) {
    if (seen.has(element.dataset.key)) continue;
    seen.add(element.dataset.key);
    const line = document.createElement("div");
    line.dataset.fromPage = "yes";
    const label = document.createElement("span");
    label.textContent = element.dataset.keyLabel;
    const key = document.createElement("kbd");
    key.textContent = element.dataset.key.replace("mod+", /Mac/.test(navigator.platform) ? "⌘ " : "Ctrl ");
    line.append(label, key);
    list.append(line);
  }
}
document.addEventListener("click", (event) => {
  if (event.target.closest('[data-open="keys-dialog"]')) fillHelp(document.querySelector("[data-keys]"));
});

// The list keeps itself fresh while somebody looks at it.
const REFRESH_EVERY = 12_000; // ms
let refreshed = Date.now();

function refreshList() {
  if (document.hidden || !document.getElementById("rows")) return;
  refreshed = Date.now();
  document.body.dispatchEvent(new CustomEvent("desk:refresh"));
}
setInterval(() => {
  if (Date.now() - refreshed >= REFRESH_EVERY) refreshList();
}, 1000);
document.addEventListener("visibilitychange", () => {
  if (Date.now() - refreshed >= REFRESH_EVERY) refreshList();
});

// It also asks whether something came in on the open ticket since it was read.
document.addEventListener("htmx:configRequest", (event) => {
  const seen = document.getElementById("seen-seq");
  if (event.detail.target?.id !== "rows" || !seen) return;
  event.detail.parameters.open = document.querySelector("#work [data-ticket]").dataset.ticket;
  event.detail.parameters.seen_seq = seen.value;
});

// A refresh may not move the ground under the reader's feet: the row one stands on, or else
// the open one, stays where it is on the screen, however the list around it has changed.
let anchor = null; // {id, top} before the swap
let scrolled = 0;

function anchorRow() {
  const open = document.querySelector('[data-row][aria-current="true"]');
  return (cursor && document.getElementById(cursor)) || (open && boxOf(open));
}

document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id !== "rows") return;
  scrolled = document.getElementById("list").scrollTop;
  const row = anchorRow();
  anchor = row && { id: row.id, top: row.getBoundingClientRect().top };
});
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "rows") return;
  markOpen();
  const column = document.getElementById("list");
  column.scrollTop = scrolled;
  const row = anchor && document.getElementById(anchor.id);
  if (row) {
    column.scrollTop += row.getBoundingClientRect().top - anchor.top;
    if (row.id === cursor) row.dataset.cursor = "yes";
  }
  sayCount();
});

// Said only when it changed: nobody wants a talking list.
let said = document.getElementById("rows")?.dataset.said;
function sayCount() {
  const now = document.getElementById("rows")?.dataset.said;
  if (now && now !== said) document.getElementById("announcer").textContent = now;
  said = now;
}

// The open ticket is marked in the list, and a phone shows one of the two.
function markOpen() {
  for (const row of rows()) {
    if (row.pathname === location.pathname) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "work") return;
  const ticket = event.detail.target.querySelector("[data-ticket]");
  const desk = document.querySelector(".desk[data-pane]");
  if (!ticket || !desk) return;
  markOpen();
  if (desk.dataset.pane === "ticket" && event.detail.requestConfig?.verb === "post") return;
  desk.dataset.pane = "ticket";
  if (shown(ticket.querySelector(".desk-back"))) window.scrollTo(0, 0);
  document.getElementById("announcer").textContent = ticket.querySelector("h1").textContent;
});

// What was changed on a ticket may have moved it in the list.
document.addEventListener("htmx:afterRequest", (event) => {
  const { requestConfig, successful } = event.detail;
  if (successful && requestConfig?.verb === "post") refreshList();
});

// What came in meanwhile stands at the end of the conversation; what went wrong before is over.
document.addEventListener("htmx:oobAfterSwap", () => {
  const talk = document.querySelector("[data-scroll-end]");
  if (talk) talk.scrollTop = talk.scrollHeight;
});
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.detail.requestConfig?.verb === "post") document.getElementById("messages")?.replaceChildren();
});

// A field with data-filter narrows the choices of its menu down.
document.addEventListener("input", (event) => {
  if (!event.target.matches("[data-filter]")) return;
  const wanted = event.target.value.trim().toLowerCase();
  for (const item of event.target.closest(".menu__panel").querySelectorAll(".menu__scroll > .menu__item")) {
    item.hidden = !item.textContent.toLowerCase().includes(wanted);
  }
});
// An opened menu is ready for the keyboard: its field to find somebody, or its first choice.
document.addEventListener(
  "toggle",
  (event) => {
    const menu = event.target;
    if (!menu.open || !menu.matches(".ticket details.menu")) return;
    menu.querySelector("[data-filter], .menu__item, input:checked")?.focus();
  },
  true,
);
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.menu[open]");
  if (!menu || !["ArrowDown", "ArrowUp"].includes(event.key) || event.target.type === "radio") return;
  const items = [...menu.querySelectorAll("[data-filter], .menu__item:not([hidden])")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = items[(items.indexOf(event.target) + step + items.length) % items.length];
  if (next) {
    event.preventDefault();
    next.focus();
  }
});

// Good news needs no place of its own in a dense page: it passes by. What went wrong stays.
for (const flash of document.querySelectorAll("#messages > .flash--success, #messages > .flash--info")) {
  document.getElementById("toasts").append(flash);
}

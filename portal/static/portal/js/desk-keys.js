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
  return row.closest("[id]") ?? row;
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

function bound(name) {
  const dialog = document.querySelector("dialog[open]");
  return [...(dialog ?? document).querySelectorAll(`[data-key="${CSS.escape(name)}"]`)].find(shown);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.key === "Escape" && typing(event.target)) {
    event.target.blur();
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

// A refresh of the list may not move the ground under the reader's feet.
let scrolled = 0;
document.addEventListener("htmx:beforeSwap", () => (scrolled = document.getElementById("list")?.scrollTop ?? 0));
document.addEventListener("htmx:afterSettle", () => {
  const column = document.getElementById("list");
  if (column) column.scrollTop = scrolled;
  const box = cursor && document.getElementById(cursor);
  if (box?.classList.contains("trow")) box.dataset.cursor = "yes";
});

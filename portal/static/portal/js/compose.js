// The composer: drafts, files by drop and paste, and seconds of real work.
//
//   <form data-composer="ticket-1042">  keeps its draft under that name for this browser tab
//   [data-drop]                         a zone of its own for files; a composer is one by itself
//   <ul data-drop-list>                 shows the chosen files
//   <input name="active_seconds">       seconds with the page in front and a hand on it
//
// The switch between reply and note is CSS; here only the draft remembers it.
const IDLE_AFTER = 60_000; // ms without a hand on the page end the counting
const SAVE_AFTER = 400; // ms after the last key

let lastTouch = Date.now();
for (const sign of ["keydown", "pointerdown", "pointermove", "wheel"]) {
  document.addEventListener(sign, () => (lastTouch = Date.now()), { passive: true });
}

function storage() {
  try {
    return window.sessionStorage;
  } catch {
    return null;
  }
}

function draftKey(form) {
  return `draft:${form.dataset.composer}`;
}

function restore(form) {
  const text = form.querySelector("textarea");
  const kept = JSON.parse(storage()?.getItem(draftKey(form)) ?? "null");
  if (!kept || !text || text.value) return;
  text.value = kept.text;
  const radio = form.querySelector(`[name="visibility"][value="${CSS.escape(kept.visibility)}"]`);
  if (radio) radio.checked = true;
}

function save(form) {
  const text = form.querySelector("textarea")?.value ?? "";
  const visibility = form.querySelector('[name="visibility"]:checked')?.value ?? "public";
  const note = form.querySelector("[data-draft-note]");
  if (text) storage()?.setItem(draftKey(form), JSON.stringify({ text, visibility }));
  else storage()?.removeItem(draftKey(form));
  if (note) note.textContent = text ? (note.dataset.draftNote ?? "") : "";
}

const waiting = new WeakMap();
function saveSoon(form) {
  clearTimeout(waiting.get(form));
  waiting.set(form, setTimeout(() => save(form), SAVE_AFTER));
}

function forget(form) {
  clearTimeout(waiting.get(form));
  storage()?.removeItem(draftKey(form));
}

// Files -----------------------------------------------------------------------------------------

function sizeWords(bytes) {
  return bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} kB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function filesOf(zone) {
  return zone.querySelector('input[type="file"]');
}

function list(zone) {
  const input = filesOf(zone);
  const box = zone.querySelector("[data-drop-list]");
  if (!input || !box) return;
  box.replaceChildren(
    ...[...input.files].map((file, index) => {
      const item = document.createElement("li");
      item.className = "file";
      const name = document.createElement("span");
      name.className = "truncate";
      name.textContent = file.name;
      const size = document.createElement("span");
      size.className = "file__size";
      size.textContent = sizeWords(file.size);
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "file__remove";
      remove.textContent = "×";
      remove.ariaLabel = `× ${file.name}`;
      remove.addEventListener("click", () => keepOnly(zone, (_, place) => place !== index));
      item.append(name, size, remove);
      return item;
    }),
  );
}

function keepOnly(zone, test) {
  const input = filesOf(zone);
  const basket = new DataTransfer();
  [...input.files].filter(test).forEach((file) => basket.items.add(file));
  input.files = basket.files;
  list(zone);
}

function add(zone, files) {
  const input = filesOf(zone);
  if (!input || !files.length) return false;
  const basket = new DataTransfer();
  for (const file of [...input.files, ...files]) basket.items.add(file);
  input.files = basket.files;
  list(zone);
  return true;
}

function zoneOf(target) {
  return target instanceof Element ? target.closest("[data-drop], [data-composer]") : null;
}

document.addEventListener("dragover", (event) => {
  const zone = zoneOf(event.target);
  if (!zone || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  zone.dataset.over = "yes";
});
for (const end of ["dragleave", "dragend", "drop"]) {
  document.addEventListener(end, (event) => {
    const zone = zoneOf(event.target);
    if (!zone) return;
    delete zone.dataset.over;
    if (end === "drop" && add(zone, event.dataTransfer.files)) event.preventDefault();
  });
}
document.addEventListener("paste", (event) => {
  const zone = zoneOf(event.target) ?? event.target.closest?.("form")?.querySelector("[data-drop]");
  if (zone && event.clipboardData.files.length && add(zone, event.clipboardData.files)) event.preventDefault();
});
document.addEventListener("change", (event) => {
  const zone = zoneOf(event.target);
  if (zone && event.target.type === "file") list(zone);
  else if (zone?.dataset.composer) saveSoon(zone);
});

// Drafts and seconds ------------------------------------------------------------------------------

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("[data-composer]");
  if (form) saveSoon(form);
});
// A sent message is no draft any more; htmx says when an answer came, a plain form leaves the page.
document.addEventListener("submit", (event) => {
  if (event.target.dataset?.composer && !event.defaultPrevented && !isHtmx(event.target)) forget(event.target);
});
document.addEventListener("htmx:afterRequest", (event) => {
  // The form itself may be gone by now, swapped for a fresh one; the event then names its place.
  const form = event.detail.requestConfig?.elt ?? event.detail.elt;
  if (!form.dataset?.composer || !event.detail.successful) return;
  forget(form);
  // Sent is sent, and the fresh composer may address somebody else: what is typed next are keys.
  if (document.activeElement?.closest("[data-composer]")) document.querySelector("[data-scroll-end]")?.focus();
});

function isHtmx(form) {
  return form.hasAttribute("hx-post") || form.hasAttribute("data-hx-post");
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.("[data-composer]");
  if (form && event.key === "Enter" && (event.metaKey || event.ctrlKey)) {
    event.preventDefault();
    const buttons = [...form.querySelectorAll('button:not([type="button"])')];
    form.requestSubmit(buttons.find((button) => button.checkVisibility()));
  }
});

setInterval(() => {
  if (document.hidden || Date.now() - lastTouch > IDLE_AFTER) return;
  for (const counter of document.querySelectorAll('[data-composer] input[name="active_seconds"]')) {
    counter.value = String(Number(counter.value || 0) + 1);
  }
}, 1000);

// A conversation starts at its end, where the news is.
function showEnd(root) {
  for (const talk of root.querySelectorAll?.("[data-scroll-end]") ?? []) talk.scrollTop = talk.scrollHeight;
}

document.querySelectorAll("[data-composer]").forEach(restore);
showEnd(document);
document.addEventListener("htmx:load", (event) => {
  const root = event.detail.elt;
  if (root.matches?.("[data-composer]")) restore(root);
  root.querySelectorAll?.("[data-composer]").forEach(restore);
  showEnd(root);
});

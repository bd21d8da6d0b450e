// Clocks of promises and moments in words, kept true while the page stands open.
//
//   <time data-due data-state data-soon data-now>   counts down to a promise
//   <time data-moment datetime>                     "5 min ago", then its date
//
// Words come from #portal-words, so they are the server's; times are written in the zone of
// <html data-zone>. Only clocks on the screen that are near are touched each second.
const words = JSON.parse(document.getElementById("portal-words")?.textContent ?? '{"time":{},"states":{}}');
const language = document.documentElement.lang || "en";
const zone = knownZone(document.documentElement.dataset.zone);

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const COUNT_SECONDS_BELOW = 10 * MINUTE;

const visible = new WeakSet();
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) visible.add(entry.target);
    else visible.delete(entry.target);
  }
});

function knownZone(name) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return name;
  } catch {
    return undefined;
  }
}

function phrase(key, ...amounts) {
  return amounts.reduce((text, amount, i) => text.replace(`{${i}}`, amount), words.time[key] ?? "");
}

export function durationWords(milliseconds) {
  const minutes = Math.floor(Math.abs(milliseconds) / MINUTE);
  if (minutes < 1) return phrase("moments");
  if (minutes < 60) return phrase("minutes", minutes);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours >= 48) return phrase("days", Math.floor(hours / 24));
  if (hours >= 10 || rest === 0) return phrase("hours", hours);
  return phrase("hours_minutes", hours, rest);
}

function written(instant, options) {
  return new Intl.DateTimeFormat(language, { timeZone: zone, ...options }).format(instant);
}

function dayNumber(instant) {
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" });
  return Math.round(Date.parse(`${parts.format(instant)}T00:00Z`) / DAY);
}

function absoluteWords(instant, now) {
  const clock = written(instant, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const days = dayNumber(instant) - dayNumber(now);
  if (days === 0) return clock;
  if (days === 1) return phrase("tomorrow", clock);
  if (days === -1) return phrase("yesterday", clock);
  if (Math.abs(days) < 7) return phrase("on_day", written(instant, { weekday: "short" }), clock);
  return phrase("on_day", written(instant, { day: "numeric", month: "short" }), clock);
}

function momentWords(instant, now) {
  const distance = instant - now;
  if (Math.abs(distance) >= DAY) return null; // the server has written the date already
  if (Math.abs(distance) < MINUTE) return phrase("just_now");
  return phrase(distance > 0 ? "in" : "ago", durationWords(distance));
}

function countdown(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return phrase("left", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
}

function stateOf(element, now) {
  if (element.dataset.state === "broken") return "broken";
  if (now >= Date.parse(element.dataset.now)) return "now";
  if (now >= Date.parse(element.dataset.soon)) return "soon";
  return "fine";
}

function clockWords(element, state, due, now) {
  if (state === "broken") return phrase("late", durationWords(now - due));
  if (now >= due) return phrase("due_now");
  if (due - now < COUNT_SECONDS_BELOW) return countdown(due - now);
  if (due - now < DAY) return phrase("in", durationWords(due - now));
  return absoluteWords(due, now);
}

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick(element, now, everyOne) {
  const due = Date.parse(element.dataset.due);
  if (!everyOne && (!visible.has(element) || Math.abs(due - now) > HOUR)) return;
  const state = stateOf(element, now);
  write(element, clockWords(element, state, due, now));
  if (state === element.dataset.state) return;
  element.dataset.state = state;
  const box = element.parentElement.closest("[data-state]");
  for (const part of box ? [box, ...box.querySelectorAll("[data-state]")] : []) part.dataset.state = state;
  announce(element, state);
}

// Said once per clock and state, and only when it got worse: nobody wants a talking clock.
const said = new Set();
function announce(element, state) {
  const key = `${element.dataset.due}:${state}`;
  const box = document.getElementById("announcer");
  if (!box || said.has(key) || state === "fine") return;
  said.add(key);
  const name = element.closest("[data-metric]")?.dataset.metric;
  box.textContent = [name, words.states[state]].filter(Boolean).join(": ");
}

function adopt(root) {
  for (const element of root.querySelectorAll("time[data-due]")) watcher.observe(element);
}

let ticks = 0;
function run() {
  if (document.hidden) return;
  const now = Date.now();
  const everyOne = ticks % 30 === 0;
  ticks += 1;
  for (const element of document.querySelectorAll("time[data-due]")) tick(element, now, everyOne);
  if (!everyOne) return;
  for (const element of document.querySelectorAll("time[data-moment]")) {
    const text = momentWords(new Date(element.dateTime), now);
    if (text) write(element, text);
  }
}

document.addEventListener("htmx:load", (event) => {
  adopt(event.detail.elt);
  ticks = 0;
});
document.addEventListener("visibilitychange", () => {
  ticks = 0;
  run();
});
adopt(document);
run();
setInterval(run, 1000);

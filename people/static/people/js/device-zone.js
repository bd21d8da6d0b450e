// The time zone of this device: sign-up keeps it, the profile offers it beside the list of zones
// when another one is chosen.
const list = document.querySelector("[data-time-zone]");
const offer = document.querySelector("[data-use-device-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
for (const field of document.querySelectorAll("input[data-device-zone]")) field.value = zone;

const known = list && [...list.options].some((option) => option.value === zone);

if (offer && known && list.value !== zone) {
  const words = offer.querySelector("[data-words]");
  words.textContent = words.dataset.words.replace("{0}", zone.replaceAll("_", " "));
  offer.hidden = false;
  offer.querySelector("button").addEventListener("click", () => {
    list.value = zone;
    offer.hidden = true;
    list.focus();
  });
}

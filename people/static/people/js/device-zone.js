// Offer the time zone of this device beside the list of zones, when it is another one.
const list = document.querySelector("[data-time-zone]");
const offer = document.querySelector("[data-use-device-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const known = list && [...list.options].some((option) => option.value === zone);

if (offer && known && list.value !== zone) {
  const words = offer.querySelector("[data-words]");
  words.textContent = words.dataset.words.replace("{0}", zone.replaceAll("_", " "));
  offer.hidden = false;
  offer.addEventListener("click", () => {
    list.value = zone;
    offer.hidden = true;
    list.focus();
  });
}

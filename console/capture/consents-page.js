// The page of the server for one's own consents: takes link and token out of the fragment and hands them to the widget.
import "./consents.js";
import { ticket } from "./protocol.js";

const widget = document.querySelector("countenance-consents");

// The token leaves the address bar and the history at once. It stays with this tab until it was used, so that a page which is loaded anew can go on.
const given = ticket(location.hash);
if (given) history.replaceState({ countenance: given }, "", location.pathname);
widget.ticket = given ?? history.state?.countenance ?? null;

widget.addEventListener("consentstate", ({ detail }) => {
  document.title = detail.title;
  document.documentElement.lang = detail.language;
  if (["list", "over"].includes(detail.state)) history.replaceState(null, "");
});

// Another link opened in the same tab changes only the fragment.
addEventListener("hashchange", () => {
  const next = ticket(location.hash);
  if (!next) return;
  history.replaceState({ countenance: next }, "", location.pathname);
  widget.ticket = next;
});
